//! libselinux, where there is one.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::io;

use super::IS_STATIC;

type IsEnabled = unsafe extern "C" fn() -> c_int;
type Open = unsafe extern "C" fn(c_uint, *const c_void, c_uint) -> *mut c_void;
type LookUp = unsafe extern "C" fn(*mut c_void, *mut *mut c_char, *const c_char, c_int) -> c_int;
type Close = unsafe extern "C" fn(*mut c_void);
type LabelNewFiles = unsafe extern "C" fn(*const c_char) -> c_int;
type Free = unsafe extern "C" fn(*mut c_char);

/// libselinux, loaded at run time: the program must start where there is none. Never unloaded.
#[derive(Debug)]
pub(crate) struct Selinux {
    is_enabled: IsEnabled,
    open: Open,
    look_up: LookUp,
    close: Close,
    label_new_files: LabelNewFiles,
    free: Free,
}

impl Selinux {
    /// Loads the library.
    ///
    /// # Errors
    /// In the words of dlerror(3).
    pub(crate) fn load() -> Result<Selinux, String> {
        use std::mem::transmute;
        if IS_STATIC {
            return Err("a static build loads no libraries".to_owned());
        }
        // SAFETY: dlopen(3) gets a literal, and runs constructors that are made for it. Each symbol is the function of that name,
        // of which selinux/selinux.h and selinux/label.h say the type, and a pointer to a function is like one to data,
        // dlsym(3). What dlerror(3) returns is copied before the next such call.
        unsafe {
            let error = || match libc::dlerror() {
                text if text.is_null() => "unknown error".to_owned(),
                text => CStr::from_ptr(text).to_string_lossy().into_owned(),
            };
            let library = libc::dlopen(c"libselinux.so.1".as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
            if library.is_null() {
                return Err(error());
            }
            let find = |name: &CStr| match libc::dlsym(library, name.as_ptr()) {
                symbol if symbol.is_null() => Err(error()),
                symbol => Ok(symbol),
            };
            Ok(Selinux {
                is_enabled: transmute::<*mut c_void, IsEnabled>(find(c"is_selinux_enabled")?),
                open: transmute::<*mut c_void, Open>(find(c"selabel_open")?),
                look_up: transmute::<*mut c_void, LookUp>(find(c"selabel_lookup_raw")?),
                close: transmute::<*mut c_void, Close>(find(c"selabel_close")?),
                label_new_files: transmute::<*mut c_void, LabelNewFiles>(find(c"setfscreatecon_raw")?),
                free: transmute::<*mut c_void, Free>(find(c"freecon")?),
            })
        }
    }

    /// is_selinux_enabled(3): the kernel has it, selinuxfs is mounted and may be written, the machine is configured for it.
    pub(crate) fn is_enabled(&self) -> bool {
        // SAFETY: no arguments.
        unsafe { (self.is_enabled)() > 0 }
    }

    /// Whether the kernel would give a new file of this thread's that label: asked by setfscreatecon(3), and taken back. Unlike
    /// security_check_context(3) it allows labels that the policy does not know yet to who may use them.
    ///
    /// # Errors
    /// EINVAL if the label is none; others if this process may not ask.
    pub(crate) fn try_label(&self, label: &CStr) -> io::Result<()> {
        // SAFETY: the text ends with NUL and is only read; null stands for the kernel's choice.
        unsafe {
            match (self.label_new_files)(label.as_ptr()) {
                0 => {
                    (self.label_new_files)(std::ptr::null());
                    Ok(())
                }
                _ => Err(io::Error::last_os_error()),
            }
        }
    }

    /// Opens the policy's list of file labels, selabel_open(3).
    ///
    /// # Errors
    /// There is none, or it is broken.
    pub(crate) fn file_labels(&'static self) -> io::Result<FileLabels> {
        // SAFETY: the number of the file backend, and no options.
        let handle = unsafe { (self.open)(0, std::ptr::null(), 0) };
        match handle.is_null() {
            true => Err(io::Error::last_os_error()),
            false => Ok(FileLabels { library: self, handle }),
        }
    }
}

/// The policy's labels for paths.
#[derive(Debug)]
pub(crate) struct FileLabels {
    library: &'static Selinux,
    handle: *mut c_void,
}

impl FileLabels {
    /// The label of a path, selabel_lookup_raw(3). Of the mode only the kind of file counts.
    ///
    /// # Errors
    /// ENOENT if the policy has no label for it.
    pub(crate) fn look_up(&self, path: &CStr, mode: u32) -> io::Result<Vec<u8>> {
        let mut label = std::ptr::null_mut();
        // SAFETY: the handle is open as long as `self` lives, the path ends with NUL; on success `label` is a text that ends
        // with NUL and is ours, to be given back once by freecon(3).
        unsafe {
            if (self.library.look_up)(self.handle, &mut label, path.as_ptr(), mode as c_int) != 0 {
                return Err(io::Error::last_os_error());
            }
            let text = CStr::from_ptr(label).to_bytes().to_vec();
            (self.library.free)(label);
            Ok(text)
        }
    }
}

impl Drop for FileLabels {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody uses it afterwards.
        unsafe { (self.library.close)(self.handle) };
    }
}
