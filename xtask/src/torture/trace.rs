//! What programs asked of the disk, in order, and what a disk without power has kept of it.
//!
//! Nothing is taken for granted that POSIX does not promise: what was written reaches the disk
//! when its file is synced, and a name when its directory is; before that any part of it may be
//! there, in pieces of one sector.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use pkictl_tests::chance::Chance;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// A file, whatever its names.
type File = usize;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Folder,
    File(File),
}

/// One entry of a trace.
#[derive(Debug)]
enum Event {
    Write {
        file: File,
        offset: usize,
        data: Vec<u8>,
    },
    Cut {
        file: File,
        length: usize,
    },
    Sync {
        file: File,
        begun: usize,
    },
    /// Names appear (`Some`) and disappear, all of them in one folder and at once.
    Names {
        folder: String,
        changes: Vec<(String, Option<Node>)>,
    },
    SyncNames {
        folder: String,
        begun: usize,
    },
    /// A command has said that it is done.
    Acknowledged(usize),
}

/// All of them, each with its place in the file.
#[derive(Debug, Default)]
pub(super) struct Trace {
    events: Vec<(usize, Event)>,
    files: usize,
}

/// A disk after the power came back.
#[derive(Debug, Default)]
pub(super) struct Image {
    /// Folders and files by name; folders come before what is in them.
    nodes: BTreeMap<String, Option<Vec<u8>>>,
    /// How many commands had been acknowledged: numbers, as they were written to the trace.
    pub(super) acknowledged: Vec<usize>,
}

/// How much of what was not synced is there.
#[derive(Clone, Copy, Debug)]
enum Luck {
    Nothing,
    Everything,
    /// Up to some moment.
    Until(usize),
    /// Each by chance.
    Any,
}

impl Trace {
    /// Reads what the shim has written.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let mut parser =
            Parser { trace: Self::default(), names: BTreeMap::new(), inodes: BTreeMap::new() };
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let end = rest.iter().position(|byte| *byte == b'\n').context("a line")?;
            let line = std::str::from_utf8(rest.get(..end).unwrap_or_default())?;
            let data = rest.get(end + 1..).unwrap_or_default();
            let used = parser.line(at, line, data).with_context(|| line.to_owned())?;
            at += end + 1 + used;
        }
        Ok(parser.trace)
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// How often a file was waited for.
    pub(super) fn syncs(&self) -> usize {
        self.events.iter().filter(|(_, event)| matches!(event, Event::Sync { .. })).count()
    }

    /// What the disk holds when the power fails at a moment of chance.
    pub(super) fn image(&self, chance: &mut Chance) -> Image {
        let cut = self.moment(chance);
        let events = self.events.get(..cut).unwrap_or_default();
        let (data, names) = (Luck::draw(cut, chance), Luck::draw(cut, chance));
        let contents = self.contents(events, data, chance);
        let mut image = Image::default();
        let synced = |folder: &str| {
            last(events, |event| match event {
                Event::SyncNames { folder: synced, begun } if synced == folder => Some(*begun),
                _ => None,
            })
        };
        for (index, (at, event)) in events.iter().enumerate() {
            match event {
                Event::Names { folder, changes }
                    if *at < synced(folder) || names.holds(index, chance) =>
                {
                    image.rename(changes, &contents);
                }
                Event::Acknowledged(number) => image.acknowledged.push(*number),
                _ => (),
            }
        }
        image
    }

    /// Any, or one right after something was acknowledged.
    fn moment(&self, chance: &mut Chance) -> usize {
        let below = |end: usize, chance: &mut Chance| {
            usize::try_from(chance.below(end as u64)).unwrap_or_default()
        };
        let said: Vec<usize> = self
            .events
            .iter()
            .enumerate()
            .filter(|(_, (_, event))| matches!(event, Event::Acknowledged(_)))
            .map(|(index, _)| index + 1)
            .collect();
        match chance.below(3) {
            0 => said.get(below(said.len(), chance)).copied().unwrap_or(self.len()),
            _ => below(self.len() + 1, chance),
        }
    }

    fn contents(&self, events: &[(usize, Event)], luck: Luck, chance: &mut Chance) -> Vec<Vec<u8>> {
        let mut synced = vec![0; self.files];
        for (_, event) in events {
            if let Event::Sync { file, begun } = event
                && let Some(synced) = synced.get_mut(*file)
            {
                *synced = *begun;
            }
        }
        let mut contents = vec![Vec::new(); self.files];
        for (index, (at, event)) in events.iter().enumerate() {
            let (Event::Write { file, .. } | Event::Cut { file, .. }) = event else { continue };
            let is_synced = synced.get(*file).is_some_and(|synced| at < synced);
            let Some(content) = contents.get_mut(*file) else { continue };
            match event {
                Event::Cut { length, .. } if is_synced || luck.holds(index, chance) => {
                    content.resize(*length, 0);
                }
                Event::Write { offset, data, .. } if is_synced => put(content, *offset, data),
                Event::Write { offset, data, .. } => {
                    luck.put(index, content, *offset, data, chance);
                }
                _ => (),
            }
        }
        contents
    }
}

/// The latest of some moments, or 0.
fn last(events: &[(usize, Event)], find: impl Fn(&Event) -> Option<usize>) -> usize {
    events.iter().rev().find_map(|(_, event)| find(event)).unwrap_or(0)
}

fn put(content: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    if let Some(place) = content.get_mut(offset..end) {
        place.copy_from_slice(data);
    }
}

impl Luck {
    fn draw(cut: usize, chance: &mut Chance) -> Self {
        match chance.below(6) {
            0 => Self::Nothing,
            1 => Self::Everything,
            2 => Self::Until(cut.saturating_sub(usize::try_from(chance.below(40)).unwrap_or(0))),
            _ => Self::Any,
        }
    }

    fn holds(self, index: usize, chance: &mut Chance) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Until(end) => index < end,
            Self::Any => chance.below(2) == 0,
        }
    }

    /// Writes what has reached the disk of a write: all, nothing, or some sectors.
    fn put(
        self,
        index: usize,
        content: &mut Vec<u8>,
        offset: usize,
        data: &[u8],
        chance: &mut Chance,
    ) {
        let is_torn = matches!(self, Self::Any) && chance.below(3) == 0;
        if !is_torn {
            if self.holds(index, chance) {
                put(content, offset, data);
            }
            return;
        }
        let mut at = 0;
        let is_prefix = chance.below(2) == 0;
        while at < data.len() {
            let end = data.len().min(at + SECTOR - (offset + at) % SECTOR);
            if chance.below(2) == 0 {
                put(content, offset + at, data.get(at..end).unwrap_or_default());
            } else if is_prefix {
                break;
            }
            at = end;
        }
    }
}

impl Image {
    fn rename(&mut self, changes: &[(String, Option<Node>)], contents: &[Vec<u8>]) {
        for (name, node) in changes {
            match node {
                None => drop(self.nodes.remove(name)),
                Some(Node::Folder) => drop(self.nodes.insert(name.clone(), None)),
                Some(Node::File(file)) => {
                    let content = contents.get(*file).cloned().unwrap_or_default();
                    self.nodes.insert(name.clone(), Some(content));
                }
            }
        }
    }

    /// Writes it to a folder. What SQLite shares between processes was never on the disk: any
    /// rubbish may be in its place.
    pub(super) fn write(&self, folder: &Path, chance: &mut Chance) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        for (name, content) in &self.nodes {
            let path = folder.join(name);
            // The folder of its name may not have reached the disk.
            let is_there = path.parent().is_some_and(Path::is_dir);
            match content {
                _ if !is_there => (),
                None => fs::create_dir(path)?,
                Some(_) if name.ends_with("-shm") => {
                    if chance.below(3) != 0 {
                        let fill = chance.below(2);
                        let byte = || u8::try_from(fill * chance.below(256)).unwrap_or(0);
                        write_private(
                            &path,
                            &std::iter::repeat_with(byte).take(32_768).collect::<Vec<_>>(),
                        )?;
                    }
                }
                Some(content) if name.ends_with("pki.lock") => {
                    write_private(&path, &of_an_earlier_start(content))?;
                }
                Some(content) => write_private(&path, content)?,
            }
        }
        Ok(())
    }
}

/// The mark in a lock file, as it is seen when the system has been started again: it names the
/// start in which it was written, in its second line.
fn of_an_earlier_start(mark: &[u8]) -> Vec<u8> {
    let start = mark.iter().position(|byte| *byte == b'\n').unwrap_or(mark.len());
    let (revision, boot) = mark.split_at(start);
    let earlier = boot.iter().map(|byte| if byte.is_ascii_hexdigit() { b'0' } else { *byte });
    revision.iter().copied().chain(earlier).collect()
}

/// Modes are not in the trace; the program makes its files private.
fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content)?;
    Ok(fs::set_permissions(path, Permissions::from_mode(0o600))?)
}

struct Parser {
    trace: Trace,
    /// What is there as far as programs can see.
    names: BTreeMap<String, Node>,
    /// The file that an inode stands for: numbers are used again.
    inodes: BTreeMap<u64, File>,
}

impl Parser {
    /// Takes one entry; gives how much data it has.
    fn line(&mut self, at: usize, line: &str, data: &[u8]) -> Result<usize> {
        let mut words = line.split(' ');
        let what = words.next().unwrap_or_default();
        let mut word = || words.next().context("a word");
        match what {
            "file" => {
                let inode = word()?.parse()?;
                self.opened(at, inode, word()?);
            }
            "mkdir" => self.names(at, &[(word()?, Some(Node::Folder))]),
            "write" => {
                let file = self.file(word()?)?;
                let (offset, length) = (word()?.parse()?, word()?.parse()?);
                let data = data.get(..length).context("all data")?.to_vec();
                self.event(at, Event::Write { file, offset, data });
                return Ok(length);
            }
            "cut" => {
                let file = self.file(word()?)?;
                let length = word()?.parse()?;
                self.event(at, Event::Cut { file, length });
            }
            "sync" => {
                let begun = word()?.parse()?;
                let file = self.file(word()?)?;
                self.event(at, Event::Sync { file, begun });
            }
            "names" => {
                let begun = word()?.parse()?;
                let folder = word()?.to_owned();
                self.event(at, Event::SyncNames { folder, begun });
            }
            "rename" | "link" => {
                let (from, to) = (word()?, word()?);
                let node = self.names.get(from).copied();
                let gone = (what == "rename").then_some((from, None));
                let changes: Vec<_> = gone.into_iter().chain([(to, node)]).collect();
                self.names(at, &changes);
            }
            "unlink" => self.names(at, &[(word()?, None)]),
            "ack" => self.event(at, Event::Acknowledged(word()?.parse()?)),
            _ => bail!("an unknown entry"),
        }
        Ok(0)
    }

    fn event(&mut self, at: usize, event: Event) {
        self.trace.events.push((at, event));
    }

    fn file(&self, inode: &str) -> Result<File> {
        self.inodes.get(&inode.parse()?).copied().context("a file that was opened")
    }

    fn opened(&mut self, at: usize, inode: u64, name: &str) {
        let known = self.inodes.get(&inode).map(|file| Node::File(*file));
        if known.is_some() && self.names.get(name).copied() == known {
            return;
        }
        let file = self.trace.files;
        self.trace.files += 1;
        self.inodes.insert(inode, file);
        self.names(at, &[(name, Some(Node::File(file)))]);
    }

    fn names(&mut self, at: usize, changes: &[(&str, Option<Node>)]) {
        for (name, node) in changes {
            match node {
                Some(node) => drop(self.names.insert((*name).to_owned(), *node)),
                None => drop(self.names.remove(*name)),
            }
        }
        let name = changes.first().map_or("", |(name, _)| name);
        let folder = name.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned();
        let changes = changes.iter().map(|(name, node)| ((*name).to_owned(), *node)).collect();
        self.event(at, Event::Names { folder, changes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(text: &str) -> Vec<Image> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        fs::write(&path, text).unwrap();
        let trace = Trace::read(&path).unwrap();
        let mut chance = Chance::new(7);
        (0..500).map(|_| trace.image(&mut chance)).collect()
    }

    #[test]
    fn what_was_synced_is_there_and_what_was_not_may_be() {
        let text = "file 1 a\nwrite 1 0 2\nxysync 26 1\nnames 26 .\nwrite 1 2 1\nzack 5\n";
        let mut seen = std::collections::BTreeSet::new();
        for image in images(text).iter().filter(|image| !image.acknowledged.is_empty()) {
            let content = image.nodes.get("a").cloned().flatten().unwrap();
            assert!(content.starts_with(b"xy"));
            seen.insert(content);
        }
        assert_eq!(seen.len(), 2, "{seen:?}");
    }

    #[test]
    fn a_mark_is_of_an_earlier_start() {
        let mark = b"00000000000000000012\nab12-34\n";
        assert_eq!(of_an_earlier_start(mark), b"00000000000000000012\n0000-00\n");
        assert_eq!(of_an_earlier_start(b"00"), b"00");
    }

    #[test]
    fn a_name_is_lost_until_its_folder_is_synced() {
        let text = "mkdir d -\nfile 1 d/a\nwrite 1 0 2\nxysync 50 1\nnames 50 d\nack 1\n";
        let lost = |image: &Image| !image.nodes.contains_key("d");
        assert!(images(text).iter().any(|image| lost(image) && !image.acknowledged.is_empty()));
        let text = text.replace("ack", "names 60 .\nack");
        assert!(!images(&text).iter().any(|image| lost(image) && !image.acknowledged.is_empty()));
    }
}
