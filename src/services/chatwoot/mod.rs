//! Chatwoot, and two services made from it: 99digital and EngageLab LiveDesk.
//!
//! One implementation. What differs between the three is data: a [`Flavor`] (constants and quirks)
//! and [`Options`] (the settings of one account). The facts come from the vendors' pages and, for
//! Chatwoot, from its published source at release 4.14.2; the README lists what works.
//!
//! Promises: only the keys that a call names are sent, objects as objects; an answer is accepted
//! flat (`payload`) and nested (`payload.contact`) whichever the flavor documents; a validation
//! error is judged by `attributes`, never by its text, which the server translates.

mod answers;
mod definitions;
mod fields;
mod flavors;
mod limits;
mod options;
mod pages;
mod refusals;
mod requests;
mod snapshots;
#[cfg(test)]
mod tests;

use flavors::Flavor;
use options::Options;

use super::{Answer, Credential, Request, Service, ServiceEntry, Settings, Verdict};
use crate::contact::{Call, Capabilities, ContactPages, FieldSpec, Limits};
use crate::error::{Error, Result};

/// Chatwoot itself: the cloud or any self-hosted server.
pub const CHATWOOT: ServiceEntry =
    flavors::upstream::FLAVOR.entry(|settings| connect(&flavors::upstream::FLAVOR, settings));

/// 99digital's hosted fork.
pub const DIGITAL99: ServiceEntry =
    flavors::digital99::FLAVOR.entry(|settings| connect(&flavors::digital99::FLAVOR, settings));

/// EngageLab LiveDesk, evidently derived from Chatwoot.
pub const ENGAGELAB: ServiceEntry =
    flavors::engagelab::FLAVOR.entry(|settings| connect(&flavors::engagelab::FLAVOR, settings));

/// One account of a service of this family.
struct Chatwoot {
    flavor: &'static Flavor,
    options: Options,
    capabilities: Capabilities,
    limits: Limits,
    fields: &'static [FieldSpec],
}

fn connect(flavor: &'static Flavor, settings: &Settings) -> Result<Box<dyn Service>> {
    Ok(Box::new(Chatwoot::new(flavor, settings)?))
}

impl Chatwoot {
    fn new(flavor: &'static Flavor, settings: &Settings) -> Result<Self> {
        let settings = settings.checked(flavor.name, flavor.settings)?;
        let options = Options::read(flavor.documented, flavor.credential, &settings)?;
        Ok(Self {
            flavor,
            capabilities: flavor.capabilities(&options),
            limits: (flavor.limits)(&options),
            fields: (flavor.fields)(&options),
            options,
        })
    }

    fn spec(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|spec| spec.name == name)
    }
}

impl Service for Chatwoot {
    fn name(&self) -> &'static str {
        self.flavor.name
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn fields(&self) -> &'static [FieldSpec] {
        self.fields
    }

    fn credential(&self) -> Credential {
        self.options.credential
    }

    fn request(&self, call: &Call) -> Result<Request> {
        if !self.capabilities.has(call.kind()) {
            return Err(Error::bug(format!("{} has no call: {}", self.flavor.name, call.kind())));
        }
        self.build(call)
    }

    fn contact_pages(&self, base_url: &str) -> Option<ContactPages> {
        let (route, source) = self.flavor.dashboard?;
        let account = self.options.account_id.as_ref()?;
        Some(ContactPages::new(format!("{}{route}/{account}/contacts/", base_url.trim_end_matches('/')), source))
    }

    fn verdict(&self, call: &Call, answer: &Answer) -> Verdict {
        match answer.status {
            200..=299 => self.success(call, answer),
            _ => self.refusal(call, answer),
        }
    }
}
