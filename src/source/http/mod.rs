use super::{Session, Sink};
use crate::error::Error;
use crate::request::{HttpOptions, SourceUrl};
pub(crate) struct Fetched {
    pub final_url: String,
    pub status: u16,
    pub etag: Option<String>,
    pub bytes: u64,
    pub attempts: u32,
}
pub(crate) fn fetch(
    _url: &SourceUrl,
    _options: &HttpOptions,
    _deadline: Option<std::time::Instant>,
    _sink: &mut dyn Sink,
    _session: &mut Session<'_>,
) -> Result<Fetched, Error> {
    unimplemented!()
}
pub(crate) fn check_options(_url: &SourceUrl, _options: &HttpOptions) -> Result<(), Error> {
    Ok(())
}
