use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rolo::contact::{Capabilities, Limits};
use rolo::services::{self, Service, ServiceEntry, Settings};
use rolo_sandbox::{DmchampOptions, EmulatorOptions, Mutation, Options};

use crate::world::World;

/// 2026-11-21 00:00:30 UTC: the middle of a minute, for vendors that count by the minute.
const DAWN: u64 = 1_795_219_230;

/// One service, as an account and an emulator are set up for it.
#[derive(Clone)]
pub struct Stage {
    /// The service's name, and what is special about the account.
    pub label: String,
    pub entry: &'static ServiceEntry,
    /// Beside those the sandbox needs.
    settings: &'static [(&'static str, &'static str)],
    emulator: Change,
    pub mutation: Option<Mutation>,
}

/// Accounts that are set up otherwise than the sandbox's own: capabilities that a setting turns on
/// or off are tested in both states.
#[rustfmt::skip]
const VARIANTS: &[(&str, &str, Settled, Change)] = &[
    ("99digital", "with all switches", &[
        ("filter", "true"), ("labels", "true"), ("delete", "true"), ("destroy_custom_attributes", "true"),
        ("additional_attributes", "true"),
    ], |options| options.chatwoot.undocumented = true),
    ("engagelab", "with all switches", &[
        ("read", "true"), ("filter", "true"), ("labels", "true"), ("delete", "true"),
        ("destroy_custom_attributes", "true"),
    ], |options| options.chatwoot.undocumented = true),
    ("chatwoot", "before 4.2", &[("replace_additional", "true")], |options| {
        options.chatwoot.additional_replaced = true;
        options.chatwoot.older_search = true;
    }),
    ("dmchamp", "with all switches", &[
        ("remove_from_list", "true"), ("messages", "true"), ("custom_fields", "true"),
    ], |_| {}),
    ("dmchamp", "older", &[("older", "true"), ("tags_in_query", "true"), ("tags_without_plus", "true")], |options| {
        options.dmchamp = DmchampOptions { only_id: true, id_beside: true, tags_without_plus: true, ..DmchampOptions::default() };
    }),
    ("engagor", "with pairs", &[("custom_as_pairs", "true")], |_| {}),
    ("respondio-v1", "on Viber", &[("encode_ids", "true")], |options| options.viber_ids = true),
];

type Change = fn(&mut EmulatorOptions);
type Settled = &'static [(&'static str, &'static str)];

impl Stage {
    fn plain(entry: &'static ServiceEntry) -> Self {
        Self { label: entry.name.to_owned(), entry, settings: &[], emulator: |_| {}, mutation: None }
    }

    /// Every service with the settings of the sandbox.
    pub fn services() -> Vec<Self> {
        services::ALL.iter().map(Self::plain).collect()
    }

    /// Those, and every variant.
    pub fn all() -> Vec<Self> {
        let mut all = Self::services();
        for (name, words, settings, emulator) in VARIANTS {
            let entry = services::find(name).unwrap();
            let label = format!("{name}-{}", words.replace(' ', "-"));
            all.push(Self { label, entry, settings, emulator: *emulator, mutation: None });
        }
        all
    }

    /// The same, with an emulator that makes a mistake.
    pub fn with_mutation(&self, mutation: Mutation) -> Self {
        Self { mutation: Some(mutation), ..self.clone() }
    }

    pub fn settings(&self) -> Settings {
        Settings::of(&[self.entry.sandbox_settings, self.settings].concat())
    }

    pub fn service(&self) -> Arc<dyn Service> {
        Arc::from((self.entry.connect)(&self.settings()).unwrap())
    }

    pub fn capabilities(&self) -> Capabilities {
        self.service().capabilities().clone()
    }

    pub fn limits(&self) -> Limits {
        self.service().limits().clone()
    }

    /// A world without quotas.
    pub async fn open(&self) -> World {
        self.open_with(|options| options.emulator.unthrottled = true).await
    }

    /// A world whose sandbox is set up by `change`.
    pub async fn open_with(&self, change: impl FnOnce(&mut Options)) -> World {
        let clock = Arc::new(AtomicU64::new(DAWN * 1000));
        let now = Arc::clone(&clock);
        let mut options = Options::new(move || Duration::from_millis(now.load(Ordering::SeqCst)));
        options.services = vec![self.entry.name.to_owned()];
        options.mutation = self.mutation;
        (self.emulator)(&mut options.emulator);
        change(&mut options);
        let sandbox = rolo_sandbox::start(options).await.unwrap();
        World::new(self.clone(), sandbox, clock)
    }
}
