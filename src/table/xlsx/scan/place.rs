//! Where a cell stands, out of a reference such as `B7`.

/// Why a reference names no cell of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceFault {
    NoPlace,
    TooManyColumns,
    TooManyRows,
}

/// Whole numbers in ASCII digits, with spaces around.
pub fn digits(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// The number from 1 of a column such as `XFD`.
pub fn column_number(letters: &[u8]) -> Option<usize> {
    letters.iter().try_fold(0_usize, |number, letter| {
        number.checked_mul(26)?.checked_add(usize::from(letter.to_ascii_uppercase() - b'A') + 1)
    })
}

/// Row and column, from 0, of a reference to a cell of a sheet with so many rows and columns.
pub fn place(reference: &[u8], rows: u64, columns: usize) -> Result<(u32, u32), PlaceFault> {
    let letters = reference.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (letters, number) = reference.split_at(letters);
    if letters.is_empty() || !number.iter().all(u8::is_ascii_digit) {
        return Err(PlaceFault::NoPlace);
    }
    let row = number.iter().try_fold(0_u64, |row, digit| row.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
    if row == Some(0) && !number.is_empty() {
        return Err(PlaceFault::NoPlace);
    }
    let within = |column: &usize| *column <= columns;
    let column = column_number(letters).filter(within).ok_or(PlaceFault::TooManyColumns)?;
    let row = row.filter(|row| (1..=rows).contains(row)).ok_or(PlaceFault::TooManyRows)?;
    match (u32::try_from(row - 1), u32::try_from(column - 1)) {
        (Ok(row), Ok(column)) => Ok((row, column)),
        _ => Err(PlaceFault::NoPlace),
    }
}
