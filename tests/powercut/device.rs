//! The block device recorder: a FUSE server whose files are disks. A loop device on each makes a block device of it, and
//! every write and flush comes by here.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request, Session, SessionACL, WriteFlags,
};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::cut::Cut;
use super::image::Image;
use super::log::{Event, Log, Mark, Write};

/// The disks and, while one is made, the record.
pub struct Recorder {
    pub disks: Vec<Image>,
    earlier: Vec<Image>,
    log: Option<Log>,
}

impl Recorder {
    /// The disks as they are now are what records begin with, and cuts build on.
    pub fn freeze(&mut self) {
        self.disks.iter_mut().for_each(Image::freeze);
    }

    /// From here on every write and flush is recorded.
    pub fn start(&mut self) {
        self.disks.iter_mut().for_each(Image::reset);
        self.log = Some(Log::default());
    }

    /// As [`Recorder::start`], from what a power cut has left, until [`Recorder::go_back`].
    pub fn start_from(&mut self, log: &Log, cut: &Cut, unit: usize) {
        self.load(log, cut, unit);
        self.earlier = self.disks.clone();
        self.earlier.iter_mut().for_each(Image::reset);
        self.freeze();
        self.start();
    }

    /// Cuts build on what they did before [`Recorder::start_from`].
    pub fn go_back(&mut self) {
        self.disks = std::mem::take(&mut self.earlier);
    }

    pub fn mark(&mut self, mark: Mark) {
        self.log.as_mut().expect("a record is being made").events.push(Event::Mark(mark));
    }

    pub fn stop(&mut self) -> Log {
        self.log.take().expect("a record is being made")
    }

    /// Makes the disks what this power cut leaves.
    pub fn load(&mut self, log: &Log, cut: &Cut, unit: usize) {
        self.disks.iter_mut().for_each(Image::reset);
        for arrived in &cut.arrived {
            let write = log.write(arrived.write);
            self.disks[write.disk].apply(write, arrived.units.as_deref(), unit);
        }
    }

    fn record(&mut self, event: impl FnOnce() -> Event) {
        if let Some(log) = &mut self.log {
            log.events.push(event());
        }
    }
}

/// The recorder, mounted. The death of this process ends the connection: whoever waits for a disk then gets an error.
pub struct Device {
    recorder: Arc<Mutex<Recorder>>,
    at: PathBuf,
    _session: BackgroundSession,
}

impl Device {
    /// Disks of these sizes, all zero, as files `0`, `1` … in the directory `at`.
    ///
    /// # Errors
    /// Of mount(2) and the first words with the kernel.
    pub fn mount(fuse: OwnedFd, at: &Path, sizes: &[u64]) -> io::Result<Device> {
        let disks = sizes.iter().map(|size| Image::new(*size)).collect();
        let recorder = Arc::new(Mutex::new(Recorder { disks, earlier: Vec::new(), log: None }));
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0\0", fuse.as_raw_fd());
        let options = std::ffi::CStr::from_bytes_with_nul(options.as_bytes()).expect("one NUL, at the end");
        mount("powercut", at, "fuse", MountFlags::NOSUID | MountFlags::NODEV, options)?;
        let server = Server(Arc::clone(&recorder));
        // One thread: a write that was answered before a flush arrives is what that flush covers.
        let session = Session::from_fd(server, fuse, SessionACL::Owner, Config::default())?;
        Ok(Device { recorder, at: at.to_owned(), _session: session.spawn()? })
    }

    pub fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // Its thread ends when nobody has a disk open any more.
        let _ = unmount(&self.at, UnmountFlags::DETACH);
    }
}

/// A descriptor of the FUSE device; where there is no node for it, one is made in `private`.
///
/// # Errors
/// There is no FUSE, or it is not for us.
pub fn open_fuse(private: &Path) -> io::Result<OwnedFd> {
    use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
    let open = |path: &Path| Ok(OwnedFd::from(File::options().read(true).write(true).open(path)?));
    open(Path::new("/dev/fuse")).or_else(|_: io::Error| {
        let node = private.join("fuse-node");
        // Documentation/admin-guide/devices.txt: character device 10:229.
        mknodat(CWD, &node, FileType::CharacterDevice, Mode::RUSR | Mode::WUSR, makedev(10, 229))?;
        let opened = open(&node);
        std::fs::remove_file(&node)?;
        opened
    })
}

struct Server(Arc<Mutex<Recorder>>);

const FOREVER: Duration = Duration::from_secs(1 << 30);
/// Inode numbers of the disks begin behind the root's.
const FIRST: u64 = 2;

impl Server {
    fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attributes(&self, inode: INodeNo) -> Option<FileAttr> {
        let (kind, perm, size) = match disk(inode) {
            None => (FileType::Directory, 0o755, 0),
            Some(disk) => (FileType::RegularFile, 0o600, self.recorder().disks.get(disk)?.size()),
        };
        Some(FileAttr {
            ino: inode,
            size,
            blocks: size / 512,
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind,
            perm,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }
}

/// Which disk an inode is; `None` for the root directory.
fn disk(inode: INodeNo) -> Option<usize> {
    u64::from(inode).checked_sub(FIRST).map(|disk| usize::try_from(disk).expect("few disks"))
}

impl Filesystem for Server {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let number = name.to_str().and_then(|name| name.parse::<u64>().ok());
        match number.and_then(|number| self.attributes(INodeNo(FIRST + number))) {
            Some(attributes) => reply.entry(&FOREVER, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(inode) {
            Some(attributes) => reply.attr(&FOREVER, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        // Nothing may be cached above: the content changes from cut to cut.
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn read(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match disk(inode) {
            Some(disk) => reply.data(&self.recorder().disks[disk].read(offset, size as usize)),
            None => reply.error(Errno::EISDIR),
        }
    }

    fn write(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let Some(disk) = disk(inode) else { return reply.error(Errno::EISDIR) };
        let mut recorder = self.recorder();
        recorder.disks[disk].write(offset, data);
        recorder.record(|| Event::Write(Write { disk, offset, data: data.into() }));
        reply.written(u32::try_from(data.len()).expect("a request of the kernel"));
    }

    fn fsync(&self, _: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let Some(disk) = disk(inode) else { return reply.error(Errno::EISDIR) };
        self.recorder().record(|| Event::Flush { disk });
        reply.ok();
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // What close(2) sends; no word about durability.
        reply.ok();
    }
}
