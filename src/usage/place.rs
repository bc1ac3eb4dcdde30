//! Which unit or container a control group belongs to. Pure: /proc/PID/cgroup in, a name out; cgroups(7).

use crate::report::Place;

/// What a process is part of: the innermost container, or else the innermost unit.
pub(super) fn parse(cgroup: &[u8]) -> Option<Place> {
    let text = String::from_utf8_lossy(cgroup);
    // "0::/PATH", or of the older hierarchies "N:CONTROLLERS:/PATH", of which systemd's own has its units.
    let path = |wanted: fn(&str) -> bool| {
        let of = |line: &'_ str| line.split(':').nth(1).is_some_and(wanted);
        text.lines().find(|line| of(line)).and_then(|line| line.splitn(3, ':').nth(2))
    };
    let unified = path(str::is_empty).filter(|path| *path != "/");
    let path = unified.or_else(|| path(|name| name == "name=systemd"))?;
    path.rsplit('/').find_map(container).or_else(|| path.rsplit('/').find_map(unit))
}

fn container(part: &str) -> Option<Place> {
    const NUMBER: usize = 64;
    let bare = part.strip_suffix(".scope").unwrap_or(part);
    // docker-NUMBER.scope, libpod-NUMBER.scope, crio-NUMBER.scope, cri-containerd-NUMBER.scope; without systemd only NUMBER.
    let number = bare.rsplit(['-', ':']).next().unwrap_or_default();
    if number.len() == NUMBER && number.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(Place::Container(number[..12].to_owned()));
    }
    let name = part.strip_prefix("lxc.payload.").or_else(|| bare.strip_prefix("machine-").filter(|_| bare != part))?;
    Some(Place::Container(name.to_owned()))
}

fn unit(part: &str) -> Option<Place> {
    let is_unit = [".service", ".scope", ".socket", ".mount", ".swap"].iter().any(|kind| part.ends_with(kind));
    is_unit.then(|| Place::Unit(part.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        parse(text.as_bytes()).map(|place| match place {
            Place::Unit(name) => format!("unit {name}"),
            Place::Container(name) => format!("container {name}"),
        })
    }

    #[test]
    fn a_unit_is_the_innermost_one() {
        assert_eq!(of("0::/system.slice/nginx.service\n").unwrap(), "unit nginx.service");
        let user = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app.service/sub";
        assert_eq!(of(user).unwrap(), "unit app.service");
        assert_eq!(of("0::/user.slice/user-0.slice/session-3.scope").unwrap(), "unit session-3.scope");
        assert_eq!(of("4:cpu:/x\n1:name=systemd:/system.slice/cron.service\n0::/\n").unwrap(), "unit cron.service");
        assert_eq!(of("0::/\n"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn a_container_is_known_by_the_number_it_has() {
        let number = "0123456789abcdef".repeat(4);
        for path in [
            "/docker/{}",
            "/system.slice/docker-{}.scope",
            "/machine.slice/libpod-{}.scope/container",
            "/k/cri-containerd-{}.scope",
        ] {
            assert_eq!(of(&format!("0::{}", path.replace("{}", &number))).unwrap(), "container 0123456789ab");
        }
        assert_eq!(of("0::/lxc.payload.web/system.slice/ssh.service").unwrap(), "container web");
        assert_eq!(of("0::/machine.slice/machine-web.scope").unwrap(), "container web");
    }
}
