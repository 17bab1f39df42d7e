//! Names of zones as Java's `Locale.US` has them (`z`, `zzzz`): a table of those in common use. A zone that is not in it
//! goes by the abbreviation of the tz database.

use chrono::{Offset, TimeZone};

use super::_zone::Zone;

/// Regions, short and full name in winter, short and full name in summer.
type Names = (&'static [&'static str], &'static str, &'static str, &'static str, &'static str);

const NAMES: &[Names] = &[
    (
        &["America/Los_Angeles", "America/Vancouver", "America/Tijuana", "US/Pacific"],
        "PST",
        "Pacific Standard Time",
        "PDT",
        "Pacific Daylight Time",
    ),
    (
        &["America/Denver", "America/Boise", "America/Edmonton", "US/Mountain"],
        "MST",
        "Mountain Standard Time",
        "MDT",
        "Mountain Daylight Time",
    ),
    (&["America/Phoenix"], "MST", "Mountain Standard Time", "MST", "Mountain Standard Time"),
    (
        &["America/Chicago", "America/Winnipeg", "US/Central"],
        "CST",
        "Central Standard Time",
        "CDT",
        "Central Daylight Time",
    ),
    (
        &["America/New_York", "America/Toronto", "America/Detroit", "US/Eastern"],
        "EST",
        "Eastern Standard Time",
        "EDT",
        "Eastern Daylight Time",
    ),
    (&["America/Halifax"], "AST", "Atlantic Standard Time", "ADT", "Atlantic Daylight Time"),
    (&["America/Anchorage"], "AKST", "Alaska Standard Time", "AKDT", "Alaska Daylight Time"),
    (&["Pacific/Honolulu"], "HST", "Hawaii-Aleutian Standard Time", "HDT", "Hawaii-Aleutian Daylight Time"),
    (&["America/Sao_Paulo"], "BRT", "Brasilia Standard Time", "BRST", "Brasilia Summer Time"),
    (&["Europe/London"], "GMT", "Greenwich Mean Time", "BST", "British Summer Time"),
    (&["Europe/Lisbon"], "WET", "Western European Standard Time", "WEST", "Western European Summer Time"),
    (
        &[
            "Europe/Paris",
            "Europe/Berlin",
            "Europe/Madrid",
            "Europe/Rome",
            "Europe/Amsterdam",
            "Europe/Brussels",
            "Europe/Vienna",
            "Europe/Zurich",
            "Europe/Stockholm",
            "Europe/Oslo",
            "Europe/Copenhagen",
            "Europe/Prague",
            "Europe/Warsaw",
            "Europe/Budapest",
            "Europe/Belgrade",
            "Europe/Luxembourg",
        ],
        "CET",
        "Central European Standard Time",
        "CEST",
        "Central European Summer Time",
    ),
    (
        &[
            "Europe/Athens",
            "Europe/Helsinki",
            "Europe/Kiev",
            "Europe/Kyiv",
            "Europe/Bucharest",
            "Europe/Sofia",
            "Europe/Riga",
            "Europe/Tallinn",
            "Europe/Vilnius",
        ],
        "EET",
        "Eastern European Standard Time",
        "EEST",
        "Eastern European Summer Time",
    ),
    (&["Europe/Moscow"], "MSK", "Moscow Standard Time", "MSD", "Moscow Summer Time"),
    (&["Asia/Kolkata", "Asia/Calcutta"], "IST", "India Standard Time", "IST", "India Standard Time"),
    (&["Asia/Shanghai"], "CST", "China Standard Time", "CDT", "China Daylight Time"),
    (&["Asia/Hong_Kong"], "HKT", "Hong Kong Standard Time", "HKST", "Hong Kong Summer Time"),
    (&["Asia/Singapore"], "SGT", "Singapore Standard Time", "SGT", "Singapore Standard Time"),
    (&["Asia/Tokyo"], "JST", "Japan Standard Time", "JDT", "Japan Daylight Time"),
    (&["Asia/Seoul"], "KST", "Korean Standard Time", "KDT", "Korean Daylight Time"),
    (
        &["Australia/Sydney", "Australia/Melbourne"],
        "AEST",
        "Australian Eastern Standard Time",
        "AEDT",
        "Australian Eastern Daylight Time",
    ),
    (&["Pacific/Auckland"], "NZST", "New Zealand Standard Time", "NZDT", "New Zealand Daylight Time"),
];

pub(crate) fn zone_name(zone: Zone, micros: i64, full: bool) -> String {
    let Zone::Region(region) = zone else {
        return match (zone, full) {
            (Zone::Fixed(0), false) => "UTC".into(),
            (Zone::Fixed(0), true) => "Coordinated Universal Time".into(),
            _ => zone.to_string(),
        };
    };
    let in_summer = is_summer(region, micros);
    let known = NAMES.iter().find(|(regions, ..)| regions.contains(&region.name()));
    match (known, full, in_summer) {
        (Some((_, short, ..)), false, false) => (*short).into(),
        (Some((_, _, full, ..)), true, false) => (*full).into(),
        (Some((_, _, _, short, _)), false, true) => (*short).into(),
        (Some((.., full)), true, true) => (*full).into(),
        (None, ..) => {
            let seconds = micros.div_euclid(super::_civil::MICROS_PER_SECOND);
            let utc = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc();
            region.offset_from_utc_datetime(&utc).to_string()
        }
    }
}

fn is_summer(region: chrono_tz::Tz, micros: i64) -> bool {
    let seconds = micros.div_euclid(super::_civil::MICROS_PER_SECOND);
    let utc = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc();
    let offset = region.offset_from_utc_datetime(&utc);
    chrono_tz::OffsetComponents::dst_offset(&offset).num_seconds() != 0 && offset.fix().local_minus_utc() != 0
}

/// The region of a name as `z` reads it: a short or full name, an id, or an offset.
pub(crate) fn named_zones() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMES.iter().flat_map(|(regions, short, full, summer_short, summer_full)| {
        let region = regions.first().copied().unwrap_or("UTC");
        [*full, *summer_full, *short, *summer_short].map(|name| (name, region))
    })
}
