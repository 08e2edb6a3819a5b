use std::collections::{HashMap, HashSet};

use super::Context;
use super::collect::Collecting;
use super::spool::{Spool, TaggedPage};
use super::tag_lists::TagLists;
use crate::contact::{Call, Cursor, Filter, RemoteId, Snapshot};
use crate::error::Result;
use crate::reconcile::CallEnd;
use crate::report::{Note, Remark, Summary};
use crate::services::Reply;
use crate::upload::{Completeness, Listing, Turned, Walk};

/// Contacts between two writes to the ledger.
const AT_ONCE: usize = 256;

/// What the lists of tags showed.
#[derive(Default)]
struct Listed {
    lists: TagLists,
    /// Tags that the account does not define, and that were met on contacts.
    undefined: u64,
    tags: u64,
    /// Lists that changed in every pass over them.
    moved: u64,
}

impl Collecting<'_> {
    /// Lists who has each tag: those that the account defines, and those that were met on the contacts that the
    /// spool has with tags of their own. Every other contact of the spool gets the tags that the lists tell.
    pub async fn list_tags(&self, spool: &mut Spool, summary: &mut Summary, context: &mut Context) -> Result<()> {
        let mut pages: HashMap<String, Vec<TaggedPage>> = HashMap::new();
        for page in spool.take_tagged() {
            pages.entry(page.tag.clone()).or_default().push(page);
        }
        let mut tags = self.defined_tags().await?;
        let defined: HashSet<String> = tags.iter().map(|tag| self.comparable(tag)).collect();
        let mut met = HashSet::new();
        spool.each(|contact| {
            met.extend(contact.tags.into_iter().flatten());
            Ok(())
        })?;
        met.retain(|tag| !defined.contains(&self.comparable(tag)));
        let mut met: Vec<String> = met.into_iter().collect();
        met.sort_unstable();
        let mut listed = Listed { undefined: met.len() as u64, ..Listed::default() };
        tags.extend(met);
        listed.tags = tags.len() as u64;
        context.note(Note::TagsByList { tags: listed.tags });
        for tag in tags {
            let earlier = pages.remove(&tag).unwrap_or_default();
            self.list_tag(tag, earlier, spool, &mut listed, context).await?;
        }
        let Listed { lists, undefined, tags, moved } = listed;
        let (checked, different) = self.remember_tags(spool, &lists).await?;
        spool.set_tags(lists);
        summary.remarks.push(Remark::TagsListed { tags, undefined, moved, checked, different });
        Ok(())
    }

    fn comparable(&self, tag: &str) -> String {
        if self.capabilities().tags_ignore_case { tag.to_lowercase() } else { tag.to_owned() }
    }

    async fn defined_tags(&self) -> Result<Vec<String>> {
        match self.caller.read(&Call::ListTags { cursor: None }).await.end {
            CallEnd::Done(Reply::Tags(tags)) => Ok(tags),
            ended => Err(super::collect::unread(self.caller, "possible tags", &ended)),
        }
    }

    /// Pages of one list, until one pass showed as many as were counted, all the while; or, where contacts came and
    /// went meanwhile, until passes agree.
    async fn list_tag(
        &self,
        tag: String,
        earlier: Vec<TaggedPage>,
        spool: &mut Spool,
        listed: &mut Listed,
        context: &mut Context,
    ) -> Result<()> {
        let mut walk = Walk::new(self.capabilities().list_starts);
        let mut counted = earlier.first().and_then(|page| page.total);
        for page in earlier {
            listed.lists.add(&tag, &page.contacts);
            walk.again(page.pass, &page.contacts, page.total, page.next.map(Cursor));
        }
        let filter = Filter { tag: Some(tag.clone()), ..Filter::default() };
        let mut listing = Listing::going_on(self.caller.clone(), filter, walk);
        loop {
            let walk = listing.walk();
            if walk.has_passed() && walk.short_of() == 0 && walk.total().is_some() && walk.total() == counted {
                return Ok(());
            }
            match listing.next().await? {
                Some(Turned::BeganAgain) => context.note(Note::ListedAnew),
                None => break,
                Some(Turned::Page(page)) => {
                    counted = counted.or(page.total);
                    let contacts: Vec<RemoteId> = page.contacts.into_iter().map(|contact| contact.id).collect();
                    listed.lists.add(&tag, &contacts);
                    let next = page.next.map(|cursor| cursor.0);
                    // Whoever has the run now goes on with the spool.
                    self.caller.run.check().await?;
                    let (tag, pass, total) = (tag.clone(), page.pass, page.total);
                    spool.add_tagged(TaggedPage { tag, contacts, pass, next, total })?;
                }
            }
        }
        let is_sure = listing.completeness().is_some_and(Completeness::is_sure);
        listed.moved += u64::from(!is_sure);
        Ok(())
    }

    /// Lets the ledger remember every contact with its tags. How many have tags of their own, and of how many of
    /// those the lists tell others.
    async fn remember_tags(&self, spool: &Spool, lists: &TagLists) -> Result<(u64, u64)> {
        let set = |tags: &[String]| tags.iter().map(|tag| self.comparable(tag)).collect::<HashSet<_>>();
        let (mut checked, mut different) = (0, 0);
        let mut contacts = spool.read()?;
        loop {
            let mut some: Vec<Snapshot> = contacts.by_ref().take(AT_ONCE).collect::<Result<_>>()?;
            if some.is_empty() {
                return Ok((checked, different));
            }
            for contact in &mut some {
                let listed = lists.of(&contact.id);
                match &contact.tags {
                    Some(own) => {
                        checked += 1;
                        different += u64::from(set(own) != set(&listed));
                    }
                    None => contact.tags = Some(listed),
                }
            }
            self.remember(&some).await?;
        }
    }
}
