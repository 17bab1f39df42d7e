//! What this machine gives us: cores, memory, a user, a folder to keep things in. Limits are read from the cgroup first, for containers are smaller
//! than their hosts.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Threads worth having.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Bytes of memory this process may use: the cgroup's limit, else the machine's. `None` where neither can be read.
pub fn memory() -> Option<u64> {
    let machine = total(&fs::read_to_string("/proc/meminfo").ok()?);
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = limits.iter().find_map(|file| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok());
    match (limit, machine) {
        (Some(limit), Some(machine)) => Some(limit.min(machine)),
        (limit, machine) => limit.or(machine),
    }
}

/// `MemTotal:  24000000 kB` in bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// The folder for what can be fetched again, ours among others'. `None` where the user has no home.
pub fn cache() -> Option<PathBuf> {
    let of = |name| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache")))?;
    Some(folder.join("floe-engine"))
}

/// The name of the user this process runs as: by the machine's list of users, else (users of a directory service) by the
/// environment.
pub fn user() -> &'static str {
    static USER: LazyLock<String> = LazyLock::new(|| {
        let id = fs::metadata("/proc/self").ok().map(|process| process.uid());
        let listed = id.and_then(|id| named(&fs::read_to_string("/etc/passwd").ok()?, id));
        let told = || ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        listed.or_else(told).unwrap_or_else(|| id.map_or_else(String::new, |id| id.to_string()))
    });
    &USER
}

/// The user of a number, by lines `name:password:number:…`.
fn named(users: &str, number: u32) -> Option<String> {
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut named =
        fields.filter_map(|fields| Some((fields.first()?.to_string(), fields.get(2)?.parse::<u32>().ok()?)));
    named.find(|(_, id)| *id == number).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn users_are_found_by_number() {
        let users = "first:x:0:0::/:/bin/sh\nfloe:x:1000:1000::/home/floe:/bin/sh\n";
        assert_eq!(super::named(users, 1000).as_deref(), Some("floe"));
        assert_eq!(super::named(users, 1), None);
    }

    #[test]
    fn memory_is_read_in_bytes() {
        assert_eq!(super::total("MemFree: 1 kB\nMemTotal:       2048 kB\n"), Some(2 << 20));
        assert_eq!(super::total("nothing"), None);
    }
}
