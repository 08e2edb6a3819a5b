use crate::table::biff::u16_at;

/// Records, one behind the other: two bytes say what each is, two how long it is.
pub struct BiffRecords<'a> {
    bytes: &'a [u8],
}

/// A record with those that continue it.
pub struct BiffRecord<'a> {
    pub kind: u16,
    pub data: &'a [u8],
    pub more: Vec<&'a [u8]>,
}

const CONTINUE: u16 = 0x003c;

impl<'a> BiffRecords<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    fn split_first(&self) -> Option<(u16, &'a [u8], &'a [u8])> {
        let kind = u16_at(self.bytes, 0)?;
        let length = usize::from(u16_at(self.bytes, 2)?);
        Some((kind, self.bytes.get(4..4 + length)?, &self.bytes[4 + length..]))
    }
}

impl<'a> Iterator for BiffRecords<'a> {
    type Item = BiffRecord<'a>;

    /// The next record; none at the end, and none where the last is cut off.
    fn next(&mut self) -> Option<BiffRecord<'a>> {
        let (kind, data, rest) = self.split_first()?;
        self.bytes = rest;
        let mut more = Vec::new();
        while let Some((CONTINUE, data, rest)) = self.split_first() {
            more.push(data);
            self.bytes = rest;
        }
        Some(BiffRecord { kind, data, more })
    }
}
