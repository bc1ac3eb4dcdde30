//! Which unit or container a control group belongs to. Pure: /proc/PID/cgroup in, a name out; cgroups(7).
//!
//! What is below the control group of a unit is named by whoever has that unit: of a service manager of a user, by the user; of
//! a service with Delegate=, by that service, systemd.resource-control(5). So a name is believed from the root down to the first
//! unit, and no further: a container below a unit is one by the word of that unit, which is named too.

use crate::report::Place;

/// What a process is part of: the outermost unit or container, and what that unit calls a part of it.
pub(super) fn parse(cgroup: &[u8]) -> Option<Place> {
    let text = String::from_utf8_lossy(cgroup);
    // "0::/PATH", or of the older hierarchies "N:CONTROLLERS:/PATH", of which systemd's own has its units.
    let path = |wanted: fn(&str) -> bool| {
        let of = |line: &'_ str| line.split(':').nth(1).is_some_and(wanted);
        text.lines().find(|line| of(line)).and_then(|line| line.splitn(3, ':').nth(2))
    };
    let unified = path(str::is_empty).filter(|path| *path != "/");
    let path = unified.or_else(|| path(|name| name == "name=systemd"))?;
    let mut parts = path.split('/').filter(|part| !part.is_empty() && !part.ends_with(".slice"));
    let outermost = parts.next()?;
    if let Some(name) = container(outermost) {
        return Some(Place::Container(name));
    }
    let Some(unit) = unit(outermost) else { return parts.find_map(container).map(Place::Container) };
    if unit.starts_with("user@") && unit.ends_with(".service") {
        return Some(match parts.next().and_then(self::unit) {
            Some(of_user) => Place::UserUnit { manager: unit, unit: of_user },
            None => Place::Unit(unit),
        });
    }
    Some(match parts.find_map(container) {
        Some(container) => Place::ContainerOf { unit, container },
        None => Place::Unit(unit),
    })
}

/// Its name, if it is called as a unit may be, systemd.unit(5).
fn unit(name: &str) -> Option<String> {
    let is_unit = [".service", ".scope", ".socket", ".mount", ".swap"].iter().any(|kind| name.ends_with(kind));
    (is_unit && is_valid(name)).then(|| name.to_owned())
}

fn is_valid(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || br":-_.\@".contains(&byte))
}

fn container(part: &str) -> Option<String> {
    const NUMBER: usize = 64;
    let bare = part.strip_suffix(".scope").unwrap_or(part);
    // docker-NUMBER.scope, libpod-NUMBER.scope, crio-NUMBER.scope, cri-containerd-NUMBER.scope; without systemd only NUMBER.
    let number = bare.rsplit(['-', ':']).next().unwrap_or_default();
    if number.len() == NUMBER && number.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(number[..12].to_owned());
    }
    let name = part.strip_prefix("lxc.payload.").or_else(|| bare.strip_prefix("machine-").filter(|_| bare != part))?;
    is_valid(name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        parse(text.as_bytes()).map(|place| match place {
            Place::Unit(name) => format!("unit {name}"),
            Place::UserUnit { manager, unit } => format!("unit {manager} user_unit {unit}"),
            Place::Container(name) => format!("container {name}"),
            Place::ContainerOf { unit, container } => format!("unit {unit} container {container}"),
        })
    }

    #[test]
    fn a_unit_is_the_outermost_one() {
        assert_eq!(of("0::/system.slice/nginx.service\n").unwrap(), "unit nginx.service");
        assert_eq!(of("0::/user.slice/user-0.slice/session-3.scope").unwrap(), "unit session-3.scope");
        assert_eq!(of("0::/system.slice/system-getty.slice/getty@tty1.service").unwrap(), "unit getty@tty1.service");
        assert_eq!(of("0::/init.scope").unwrap(), "unit init.scope");
        assert_eq!(of("4:cpu:/x\n1:name=systemd:/system.slice/cron.service\n0::/\n").unwrap(), "unit cron.service");
        assert_eq!(of("0::/system.slice/web.service/ssh.service").unwrap(), "unit web.service");
        assert_eq!(of("0::/"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn what_a_user_calls_his_control_group_is_no_unit_of_the_system() {
        let of_user = |rest: &str| of(&format!("0::/user.slice/user-1000.slice/user@1000.service{rest}"));
        assert_eq!(of_user("").unwrap(), "unit user@1000.service");
        assert_eq!(of_user("/app.slice/ssh.service/sub").unwrap(), "unit user@1000.service user_unit ssh.service");
        assert_eq!(of_user("/session-3.scope").unwrap(), "unit user@1000.service user_unit session-3.scope");
        assert_eq!(of_user("/app.slice/x; reboot;.service").unwrap(), "unit user@1000.service");
        assert_eq!(of_user("/mine/ssh.service").unwrap(), "unit user@1000.service");
        let number = "0123456789abcdef".repeat(4);
        let container = format!("/user.slice/libpod-{number}.scope");
        assert_eq!(of_user(&container).unwrap(), format!("unit user@1000.service user_unit libpod-{number}.scope"));
        assert_eq!(of("0::/mine/ssh.service"), None, "who has that directory is not known");
        assert_eq!(of("0::/../ssh.service"), None, "nor what is above");
        assert_eq!(of("0::/mine/user@1.service/ssh.service"), None);
        assert_eq!(of("0::/system.slice/a b.service"), None);
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
        let inner = format!("0::/machine.slice/machine-web.scope/docker/{number}");
        assert_eq!(of(&inner).unwrap(), "container web", "what is in it is named by it");
        assert_eq!(of("0::/lxc.payload.a;b"), None);
    }

    #[test]
    fn a_container_below_a_unit_does_not_hide_the_unit_that_names_it_so() {
        let number = "0123456789abcdef".repeat(4);
        for below in ["docker-{}.scope", "libpod-payload-{}", "a.slice/b/{}", "kubepods-pod1.slice:cri-containerd:{}"] {
            let path = format!("0::/system.slice/web.service/{}", below.replace("{}", &number));
            assert_eq!(of(&path).unwrap(), "unit web.service container 0123456789ab", "{below}");
        }
        assert_eq!(of("0::/system.slice/web.service/lxc.payload.db").unwrap(), "unit web.service container db");
        assert_eq!(of("0::/system.slice/web.service/machine-x.scope").unwrap(), "unit web.service container x");
        let planted = format!("0::/system.slice/web.service/user@0.service/docker-{number}.scope");
        assert_eq!(of(&planted).unwrap(), "unit web.service container 0123456789ab");
        assert_eq!(of(&format!("0::/mine/web.service/{number}")).unwrap(), "container 0123456789ab");
    }
}
