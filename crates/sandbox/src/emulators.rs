use crate::{Emulator, EmulatorOptions, chatwoot, dmchamp, engagor, respondio, respondio_v1};

/// Makes one emulator.
pub type MakeEmulator = fn(EmulatorOptions) -> Box<dyn Emulator>;

/// Every emulator by its service's name, which is also its path; the only list.
pub const EMULATORS: &[(&str, MakeEmulator)] = &[
    ("respondio-v1", respondio_v1::emulator),
    ("respondio", respondio::emulator),
    ("chatwoot", chatwoot::emulator),
    ("99digital", chatwoot::emulator_99digital),
    ("engagelab", chatwoot::emulator_engagelab),
    ("engagor", engagor::emulator),
    ("dmchamp", dmchamp::emulator),
];
