//! How long texts take to parse: `cargo bench -p floe-sql`. One line a text: the best of several runs.
//!
//! The one that matters most is a dbt seed: one INSERT of 10,000 rows. It shall take less than 100 ms.

use std::time::{Duration, Instant};

use floe_base::origin::SqlSource;

fn main() {
    let row = "(cast(1 as bigint),'some text',2.50,-17,null,true,date '2024-01-01','it''s',1e3,'x')";
    let plain = "(1,'some text',2.50,-17,null,true,42,'its',1e3,'x')";
    let select =
        "select a, b + 1 as c, sum(d) over (partition by e order by f) from t join u on t.x = u.y where g in (1, 2)";
    measure("values 10,000 x 10", &format!("insert into t values {}", vec![plain; 10_000].join(",")));
    measure("seed 10,000 x 10 with casts", &format!("insert into t values {}", vec![row; 10_000].join(",")));
    measure("one select", select);
    measure("union all of 1,000 selects", &vec![select; 1_000].join(" union all "));
    measure("filter of 10,000 conditions", &format!("select * from t where {}", vec!["a = 1"; 10_000].join(" or ")));
    measure("text of 5 MB", &format!("select '{}'", "x".repeat(5 << 20)));
}

fn measure(name: &str, text: &str) {
    let source = SqlSource::new(text);
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let started = Instant::now();
        let found = floe_sql::parse_statement(&source);
        best = best.min(started.elapsed());
        assert!(found.is_ok(), "{name}");
    }
    println!("{name:32} {:>9} bytes  {best:?}", text.len());
}
