//! Which devices of a group have our sender key, 64 to a row and read as a set: a small group is one row, in a large one a newcomer
//! rewrites only the row it lands in.

use std::collections::{BTreeMap, HashMap};

use domain::ports::Op;
use wacore::store::error::Result;

use super::{
    DeviceBackend,
    codec::{pack, unpack},
    keys::key,
    put,
};

const FAMILY: &str = "sender-key-devices";
const CHUNK: usize = 64;

/// Device → has the key.
type Chunk = BTreeMap<String, bool>;

struct Row {
    key: String,
    chunk: Chunk,
    changed: bool,
}

impl DeviceBackend {
    pub(super) async fn sender_key_devices(&self, group: &str) -> Result<Vec<(String, bool)>> {
        let rows = self.sender_key_rows(&group_prefix(group)).await?;
        Ok(rows.into_iter().flat_map(|row| row.chunk).collect())
    }

    pub(super) async fn set_sender_key_devices(&self, group: &str, entries: &[(&str, bool)]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let _turn = self.turns.sender_key_devices.lock().await;
        let mut rows = self.sender_key_rows(&group_prefix(group)).await?;
        let row_of = |(number, row): (usize, &Row)| row.chunk.keys().map(|device| (device.clone(), number)).collect::<Vec<_>>();
        let mut places: HashMap<String, usize> = rows.iter().enumerate().flat_map(row_of).collect();
        for &(device, has_key) in entries {
            let place = places.entry(device.to_owned()).or_insert_with(|| row_with_room(&mut rows, group));
            let row = &mut rows[*place];
            row.changed |= row.chunk.insert(device.to_owned(), has_key) != Some(has_key);
        }
        self.write_sender_key_rows(rows).await
    }

    pub(super) async fn delete_sender_key_devices(&self, devices: &[&str]) -> Result<()> {
        if devices.is_empty() {
            return Ok(());
        }
        let _turn = self.turns.sender_key_devices.lock().await;
        let mut rows = self.sender_key_rows(&key(FAMILY, &[""])).await?;
        for row in &mut rows {
            let before = row.chunk.len();
            row.chunk.retain(|device, _| !devices.contains(&device.as_str()));
            row.changed = row.chunk.len() != before;
        }
        self.write_sender_key_rows(rows).await
    }

    /// Forgets the devices of one group, or of all.
    pub(super) async fn clear_sender_key_rows(&self, group: Option<&str>) -> Result<()> {
        let _turn = self.turns.sender_key_devices.lock().await;
        let prefix = group.map_or_else(|| key(FAMILY, &[""]), group_prefix);
        let rows = self.list(&prefix).await?;
        self.write(rows.into_iter().map(|(key, _)| Op::Delete { key }).collect()).await
    }

    async fn sender_key_rows(&self, prefix: &str) -> Result<Vec<Row>> {
        let rows = self.list(prefix).await?;
        rows.into_iter().map(|(key, value)| Ok(Row { key, chunk: unpack(&value)?, changed: false })).collect()
    }

    async fn write_sender_key_rows(&self, rows: Vec<Row>) -> Result<()> {
        let changed = rows.into_iter().filter(|row| row.changed);
        let op = |Row { key, chunk, .. }| if chunk.is_empty() { Ok(Op::Delete { key }) } else { Ok(put(key, pack(&chunk)?)) };
        self.write(changed.map(op).collect::<Result<_>>()?).await
    }
}

/// The first row that can take another device, a new one if need be.
fn row_with_room(rows: &mut Vec<Row>, group: &str) -> usize {
    rows.iter().position(|row| row.chunk.len() < CHUNK).unwrap_or_else(|| {
        let free = |key: &String| rows.iter().all(|row| row.key != *key);
        let key =
            (0..).map(|number: u32| key(FAMILY, &[group, &format!("{number:04x}")])).find(free).expect("there are more numbers than rows");
        rows.push(Row { key, chunk: Chunk::new(), changed: false });
        rows.len() - 1
    })
}

fn group_prefix(group: &str) -> String {
    key(FAMILY, &[group, ""])
}
