//! The functions Spark 4.1 has and we have not, by name: a call of one says so, instead of that there is no such
//! function, and may run on a real Spark.

/// Sorted.
const ABSENT: &[&str] = &[
    "approx_top_k",
    "approx_top_k_accumulate",
    "approx_top_k_combine",
    "approx_top_k_estimate",
    "collations",
    "from_avro",
    "from_protobuf",
    "from_xml",
    "hll_sketch_agg",
    "hll_sketch_estimate",
    "hll_union",
    "hll_union_agg",
    "input_file_block_length",
    "input_file_block_start",
    "input_file_name",
    "is_variant_null",
    "java_method",
    "kll_merge_agg_bigint",
    "kll_merge_agg_double",
    "kll_merge_agg_float",
    "kll_sketch_agg_bigint",
    "kll_sketch_agg_double",
    "kll_sketch_agg_float",
    "kll_sketch_get_n_bigint",
    "kll_sketch_get_n_double",
    "kll_sketch_get_n_float",
    "kll_sketch_get_quantile_bigint",
    "kll_sketch_get_quantile_double",
    "kll_sketch_get_quantile_float",
    "kll_sketch_get_rank_bigint",
    "kll_sketch_get_rank_double",
    "kll_sketch_get_rank_float",
    "kll_sketch_merge_bigint",
    "kll_sketch_merge_double",
    "kll_sketch_merge_float",
    "kll_sketch_to_string_bigint",
    "kll_sketch_to_string_double",
    "kll_sketch_to_string_float",
    "parse_json",
    "python_worker_logs",
    "reflect",
    "schema_of_avro",
    "schema_of_variant",
    "schema_of_variant_agg",
    "schema_of_xml",
    "sql_keywords",
    "st_asbinary",
    "st_geogfromwkb",
    "st_geomfromwkb",
    "st_setsrid",
    "st_srid",
    "theta_difference",
    "theta_intersection",
    "theta_intersection_agg",
    "theta_sketch_agg",
    "theta_sketch_estimate",
    "theta_union",
    "theta_union_agg",
    "to_avro",
    "to_protobuf",
    "to_variant_object",
    "to_xml",
    "try_parse_json",
    "try_reflect",
    "try_variant_get",
    "variant_explode",
    "variant_explode_outer",
    "variant_get",
    "xpath",
    "xpath_boolean",
    "xpath_double",
    "xpath_float",
    "xpath_int",
    "xpath_long",
    "xpath_number",
    "xpath_short",
    "xpath_string",
];

/// The same for functions that messages of the DataFrame API call, and SQL has no word for. Sorted.
const ABSENT_FOR_API: &[&str] =
    &["array_binary_search", "collect_top_k", "ewm", "null_index", "timestamp_ntz_to_long", "unwrap_udt", "vector_get"];

/// Their names, sorted.
pub fn absent() -> impl Iterator<Item = &'static str> {
    ABSENT.iter().copied()
}

/// Is it a function of Spark's that is not here? The name in lower case.
pub fn is_absent(name: &str) -> bool {
    ABSENT.binary_search(&name).is_ok() && crate::find(name).is_none()
}

/// The same for a call by the DataFrame API.
pub fn is_absent_for_api(name: &str) -> bool {
    is_absent(name) || ABSENT_FOR_API.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lists_are_sorted_and_true() {
        assert!(super::ABSENT.is_sorted() && super::ABSENT_FOR_API.is_sorted());
        assert!(super::ABSENT_FOR_API.iter().all(|name| crate::find_for_api(name).is_none()));
        let here: Vec<_> = super::ABSENT.iter().filter(|name| crate::find(name).is_some()).collect();
        assert!(here.is_empty(), "these are here by now: {here:?}");
    }
}
