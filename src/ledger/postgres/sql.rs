//! Statements and their values. Nothing is prepared by name, so that a pool between rolo and the server may
//! give every transaction another connection.

use std::future::Future;
use std::pin::Pin;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::errors::Trouble;

/// A value with the type that the server is told.
pub(super) type Value<'a> = (&'a (dyn ToSql + Sync), Type);

/// What the server takes a Rust value for.
pub(super) trait Typed: ToSql + Sync {
    const TYPE: Type;
}

macro_rules! typed {
    ($($rust:ty => $sql:ident),* $(,)?) => { $(impl Typed for $rust { const TYPE: Type = Type::$sql; })* };
}

typed! {
    i64 => INT8,
    String => TEXT,
    &str => TEXT,
    Vec<u8> => BYTEA,
    &[u8] => BYTEA,
    Option<i64> => INT8,
    Option<String> => TEXT,
    Option<&str> => TEXT,
    Vec<i64> => INT8_ARRAY,
    Vec<String> => TEXT_ARRAY,
    Vec<&str> => TEXT_ARRAY,
    Vec<Vec<u8>> => BYTEA_ARRAY,
    Vec<&[u8]> => BYTEA_ARRAY,
    Vec<Option<i64>> => INT8_ARRAY,
    Vec<Option<String>> => TEXT_ARRAY,
    Vec<Option<&str>> => TEXT_ARRAY,
    Vec<Option<Vec<u8>>> => BYTEA_ARRAY,
}

/// One value of a statement.
pub(super) fn v<T: Typed>(value: &T) -> Value<'_> {
    (value, T::TYPE)
}

/// The rows of a query.
pub(super) async fn rows(client: &Client, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Trouble> {
    Ok(client.query_typed(sql, values).await?)
}

/// The row of a query that has one at most.
pub(super) async fn row(client: &Client, sql: &str, values: &[Value<'_>]) -> Result<Option<Row>, Trouble> {
    Ok(client.query_typed(sql, values).await?.into_iter().next())
}

/// How many rows a statement changed.
pub(super) async fn execute(client: &Client, sql: &str, values: &[Value<'_>]) -> Result<u64, Trouble> {
    Ok(client.execute_typed(sql, values).await?)
}

type Sent<'a> = Pin<Box<dyn Future<Output = Result<u64, tokio_postgres::Error>> + 'a>>;

/// Statements that leave one after the other, without waiting for the answer to the one before.
pub(super) struct Pipeline<'a> {
    client: &'a Client,
    sent: Vec<Result<Sent<'a>, Result<u64, tokio_postgres::Error>>>,
}

impl<'a> Pipeline<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, sent: Vec::new() }
    }

    /// Sends a statement.
    pub(super) async fn send(&mut self, sql: &'a str, values: Vec<Value<'a>>) {
        let client = self.client;
        let mut answer: Sent<'a> = Box::pin(async move { client.execute_typed(sql, &values).await });
        // The first look at it is what sends it.
        self.sent.push(match futures_util::poll!(&mut answer) {
            std::task::Poll::Ready(answered) => Err(answered),
            std::task::Poll::Pending => Ok(answer),
        });
    }

    /// How many rows each changed.
    ///
    /// # Errors
    /// That of the first that failed.
    pub(super) async fn answers(self) -> Result<Vec<u64>, Trouble> {
        let mut changed = Vec::with_capacity(self.sent.len());
        for sent in self.sent {
            changed.push(match sent {
                Ok(pending) => pending.await?,
                Err(answered) => answered?,
            });
        }
        Ok(changed)
    }
}
