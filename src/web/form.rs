/// The fields of a form that was posted, in their order; a name may stand there several times.
pub struct PostedForm(Vec<(String, String)>);

impl PostedForm {
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// What was typed or chosen, without white space round it; `None` where that is nothing.
    pub fn get(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(field, _)| field == name)?;
        Some(field.1.trim()).filter(|value| !value.is_empty())
    }

    /// As it was typed, white space and all.
    pub fn exact(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }
}
