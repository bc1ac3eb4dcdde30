//! What has to be restarted: the unit or container, as real control groups tell it.

use std::fs;

use serde_json::{Value, json};

use super::stale;
use crate::support::{Scratch, require_cgroups};
use crate::who::{of_process, pid_of};

#[test]
fn unit_unit_of_a_user_and_container_are_told_and_no_container_hides_the_unit_that_names_it() {
    let Some(slice) = require_cgroups() else { return };
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let number = "0123456789abcdef".repeat(4);
    let docker = format!("docker-{number}.scope");
    let cases = [
        ("demo.service", json!(["demo.service", null, null]), "demo.service"),
        ("deep.slice/session-3.scope", json!(["session-3.scope", null, null]), "session-3.scope"),
        (
            "user@1000.service/app.slice/ssh.service",
            json!(["user@1000.service", "ssh.service", null]),
            "user@1000.service/ssh.service",
        ),
        (docker.as_str(), json!([null, null, "0123456789ab"]), "0123456789ab"),
        (&format!("web.service/{docker}"), json!(["web.service", null, "0123456789ab"]), "web.service/0123456789ab"),
        ("mine/ssh.service", json!([null, null, null]), "-"),
    ];
    let running = cases.each_ref().map(|(group, ..)| slice.sleeping(group, &app));
    fs::remove_file(&app).unwrap();

    let object = stale(&scratch, &["app", "--json"]).exits(10).json();
    let lines = stale(&scratch, &["app"]).exits(10).output_text();
    for (process, (group, told, column)) in running.iter().zip(&cases) {
        let one = of_process(&object["files"][0]["processes"], process).remove(0);
        let keys = ["unit", "user_unit", "container"].map(|key| one[key].clone());
        assert_eq!(Value::from(keys.to_vec()), *told, "{group}");
        let pid = pid_of(process).to_string();
        let columns = lines.lines().map(|line| line.split('\t').collect::<Vec<_>>()).find(|columns| columns[0] == pid);
        assert_eq!(columns.expect("a line")[6], *column, "{group}");
    }
}
