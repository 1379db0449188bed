//! What the stack is made of, by the names that its template gives each function and host in the environment.

/// The names and addresses of a stack's parts. What a function is not given, it has no use for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// `RECORDS_TABLE`: everything users see, by device.
    pub records_table: String,
    /// `KEYS_TABLE`: what the WhatsApp library keeps, by device.
    pub keys_table: String,
    /// `PASSING_TABLE`: what is forgotten by itself: outcomes, counts against limits, open sockets.
    pub passing_table: String,
    /// `LEASES_TABLE`: which host holds which lane.
    pub leases_table: String,
    /// `COMMAND_QUEUES`: the URLs of the lanes' queues in the order of the lanes, with commas. There are as many lanes as queues.
    pub command_queues: Vec<String>,
    /// `DEAD_COMMANDS_QUEUE`: the URL of the queue of the commands that were put aside.
    pub dead_commands_queue: String,
    /// `SOCKETS_QUEUE`: the URL of the queue of sockets that have missed something.
    pub sockets_queue: String,
    /// `FILES_BUCKET`: the files of messages.
    pub files_bucket: String,
    /// `SOCKETS_ENDPOINT`: where open sockets are written to.
    pub sockets_endpoint: String,
}

/// A part that the environment does not name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not set")]
pub struct MissingResource(pub &'static str);

impl Resources {
    /// Reads the names of the parts that are there; those that are used have to be checked by [`Resources::need`].
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name| variable(name).unwrap_or_default();
        Self {
            records_table: text("RECORDS_TABLE"),
            keys_table: text("KEYS_TABLE"),
            passing_table: text("PASSING_TABLE"),
            leases_table: text("LEASES_TABLE"),
            command_queues: text("COMMAND_QUEUES").split(',').map(str::trim).filter(|url| !url.is_empty()).map(str::to_owned).collect(),
            dead_commands_queue: text("DEAD_COMMANDS_QUEUE"),
            sockets_queue: text("SOCKETS_QUEUE"),
            files_bucket: text("FILES_BUCKET"),
            sockets_endpoint: text("SOCKETS_ENDPOINT"),
        }
    }

    /// Fails with the first of these variables that named nothing.
    pub fn need(&self, variables: &[&'static str]) -> Result<(), MissingResource> {
        let named = |variable: &str| match variable {
            "RECORDS_TABLE" => !self.records_table.is_empty(),
            "KEYS_TABLE" => !self.keys_table.is_empty(),
            "PASSING_TABLE" => !self.passing_table.is_empty(),
            "LEASES_TABLE" => !self.leases_table.is_empty(),
            "COMMAND_QUEUES" => !self.command_queues.is_empty(),
            "DEAD_COMMANDS_QUEUE" => !self.dead_commands_queue.is_empty(),
            "SOCKETS_QUEUE" => !self.sockets_queue.is_empty(),
            "FILES_BUCKET" => !self.files_bucket.is_empty(),
            "SOCKETS_ENDPOINT" => !self.sockets_endpoint.is_empty(),
            _ => false,
        };
        variables.iter().copied().find(|variable| !named(variable)).map_or(Ok(()), |variable| Err(MissingResource(variable)))
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> u16 {
        u16::try_from(self.command_queues.len()).unwrap_or(u16::MAX)
    }
}
