//! A client's message, kept whole beside the tree it became: what a backend forwards that takes more than we can read.
//!
//! The bytes are opaque to everyone but the wire and that backend. What the message names is found without reading it
//! all (`floe-connect`), because it is wanted most where the rest cannot be read.

use bytes::Bytes;

/// One request of a client.
#[derive(Clone, Debug, Default)]
pub struct Message {
    pub bytes: Bytes,
    /// The tables and views it names, in any part of it; `None` when it holds a text that nobody here can read.
    pub names: Option<Vec<Vec<String>>>,
    /// The functions it may call, by the last parts of their names in lower case.
    pub calls: Vec<String>,
    /// The tables it writes, by name.
    pub targets: Vec<Vec<String>>,
    /// The tables and views it makes where there are none, by name.
    pub creates: Vec<Vec<String>>,
    /// The uploads it refers to, by hash.
    pub uploads: Vec<String>,
    /// The kept frames it refers to, by relation id.
    pub handles: Vec<String>,
    /// How deep it nests, in messages.
    pub levels: usize,
    /// It asks for rows and changes nothing.
    pub is_query: bool,
    /// What it leaves in the session once it has run.
    pub makes: Option<Makes>,
}

/// What a command leaves in the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Makes {
    /// A function, table function or data source.
    Function(String),
    /// A function less.
    NoFunction(String),
    TempView {
        name: String,
        is_global: bool,
    },
}
