// SPDX-License-Identifier: Apache-2.0

/// The kinds of faults in OpenMetrics' public test inputs, each with inputs that have only that fault.
///
/// Source: <https://github.com/OpenObservability/OpenMetrics>, tests/testdata/parsers: the names of its folders, `bad_…`.
enum OpenMetricsFault: String, CaseIterable {
  case blankLine = "blank_line"
  case noEnd = "no_eof"
  case textAfterEnd = "text_after_eof"
  case quotes = "missing_or_wrong_quotes_on_label_value"
  case equalsSign = "missing_equal_or_label_value"
  case commas = "missing_or_extra_commas"
  case labels = "invalid_labels"
  case missingValue = "missing_value"
  case help
  case type
  case unit
  case metadataPlace = "metadata_in_wrong_place"
  case repeatedMetadata = "repeated_metadata"
  case metadata
  case names = "metric_names"
  case value
  case timestamp
  case exemplars
  case exemplarSize = "exemplars_size"
  case exemplarTimestamp = "exemplar_timestamp"
  case exemplarPlace = "exemplars_on_unallowed_samples"
  case exemplarType = "exemplars_on_unallowed_metric_types"
  case stateOrInfo = "stateset_info_values"
  case missingLabels = "missing_or_invalid_labels_for_a_type"
  case counterValues = "counter_values"
  case histograms
  case grouping = "grouping_or_ordering"
  case clashes = "clashing_names"

  /// Inputs without the final line `# EOF`; `noEnd` and `textAfterEnd` have their own.
  var inputs: [String] {
    switch self {
    case .blankLine: ["m 4\n\n", "\n"]
    case .noEnd: ["", "m 4\n", "m 4\n# EO\n", "# EOF \n"]
    case .textAfterEnd: ["m 4\n# EOF\nmore", "m 4\n# EOFmore", "# EOF\n# EOF\n", "# EOF\n\n"]
    case .quotes: ["m{k=4} 4\n", "m{k=\"4} 4\n", "m{k='4'} 4\n", "m{k=4\"} 4\n"]
    case .equalsSign: ["m{k} 4\n", "m{k\"v\"} 4\n", "m{k\"\"} 4\n", "m{k=} 4\n", "m{k=\"} 4\n"]
    case .commas: ["m{k=\"4\"l=\"5\"} 4\n", "m{k=\"4\",,l=\"5\"} 4\n", "m{k=\"4\",} 4\n", "m{,k=\"4\"} 4\n"]
    case .labels:
      [
        "m{4=\"4\"} 4\n", "m{k=\"4\"}4\n", "m{k=\"4\",k=\"4\"} 4\n", "m{k=\"4\"l} 4\n", "m{k-l=\"4\"} 4\n",
        "m{4=\" # \"} 4\n", "m{k=\" # \",k=\" # \"} 4\n", "m{k=\" # \"}4\n", "m{k=\" # \",l=}4\n",
        "m{k=\" # \"l}4\n",
      ]
    case .missingValue: ["m\n", "m \n", "m{}\n", "m{k=\"v\"} \n"]
    case .help:
      ["# HELP\n", "# HELP \n", "# HELP m\n", "# HELP m\t\n", " # HELP m words\n", "#HELP m words\n"]
    case .type:
      [
        "# TYPE\n", "# TYPE \n", "# TYPE m\n", "# TYPE m\t\n", "# TYPE m kind\n", "# TYPE m kind \n",
        "# TYPE m gauge \n", "# TYPE m untyped\n", "# TYPE m Gauge\n",
      ]
    case .unit:
      [
        "# UNIT\n", "# UNIT \n", "# UNIT m\n", "# UNIT m\t\n", "# UNIT m bytes\n", "# UNIT m_bytes bytes \n",
        "# TYPE m_u info\n# UNIT m_u u\n", "# TYPE m_u stateset\n# UNIT m_u u\n",
      ]
    case .metadataPlace:
      [
        "# HELP m words\nm 4\n# TYPE m gauge\n", "# TYPE m gauge\nm 4\n# HELP m words\n",
        "# TYPE m_u gauge\nm_u 4\n# UNIT m_u u\n",
      ]
    case .repeatedMetadata:
      [
        "# HELP m \n# HELP m \n", "# HELP m words\n# HELP m words\n", "# TYPE m gauge\n# TYPE m gauge\n",
        "# UNIT m_u u\n# UNIT m_u u\n",
      ]
    case .metadata: ["# WORD m words\n", "# a comment\n", "#\n"]
    case .names: ["4m 4\n", "m.n 4\n", "m-n 4\n", "{} 4\n"]
    case .value:
      [
        "m m\n", "m  4\n", "m 4\t\n", "m 4 \n", "m 4_5\n", "m 0x1p-3\n", "m 0X1P-3\n", "m 0b1\n", "m 0B1\n",
        "m 0x4\n", "m 0X4\n", "m 0o4\n", "m 0O4\n", "m --4\n", "m 4e\n", "m .\n", "m 4,5\n",
      ]
    case .timestamp:
      ["z", "4z", "4_5", "4.4.4", "NaN", "Inf", "+Inf", "-Inf", "0x1p-3", ""].map { "m 4 \($0)\n" }
    case .exemplars:
      [
        " #", "# {} 4", " #{} 4", " # {}4", " # {} 4 ", " # {} 4 4 ", " # {} 0x1p-3", " # {k=\"v\"}  ",
        " # k=\"v\"} 4", " #k=\" # \"} 4", " k=\" # \"} 4", " # {k=\"v\"}", " # {k=\"v\",k=\"v\"} 4",
      ].map { "# TYPE m counter\nm_total 4\($0)\n" }
    case .exemplarSize:
      ["a", "☃", "a\u{301}"].map {
        let value = String(String.UnicodeScalarView(repeatElement($0.unicodeScalars, count: 128).joined()))
        return "# TYPE m counter\nm_total 4 # {k=\"\(value)\"} 4\n"
      }
    case .exemplarTimestamp:
      ["NaN", "+Inf", "-Inf", "Inf", "0x1p-3", "z"].map {
        "# TYPE m counter\nm_total 4 # {k=\"v\"} 4 \($0)\n"
      }
    case .exemplarPlace:
      [
        "# TYPE m histogram\nm_bucket{le=\"+Inf\"} 4\nm_count 4\nm_sum 4 # {k=\"v\"} 4\n",
        "# TYPE m histogram\nm_bucket{le=\"+Inf\"} 4\nm_count 4 # {k=\"v\"} 4\nm_sum 4\n",
        "# TYPE m_bucket gauge\nm_bucket 4 # {k=\"v\"} 4\n",
        "# TYPE m counter\nm_total 4\nm_created 4 # {k=\"v\"} 4\n",
      ]
    case .exemplarType:
      [
        "# TYPE m gauge\nm 4 # {k=\"v\"} 4\n", "# TYPE m info\nm_info 1 # {k=\"v\"} 4\n",
        "# TYPE m stateset\nm{m=\"v\"} 1 # {k=\"v\"} 4\n", "m 4 # {k=\"v\"} 4\n",
      ]
    case .stateOrInfo:
      [
        "# TYPE m stateset\nm{m=\"v\"} 4\n", "# TYPE m stateset\nm{m=\"v\"} 4.0\n",
        "# TYPE m info\nm_info 4\n",
        "# TYPE m info\nm_info{k=\"v\"} 4.0\n", "# TYPE m info\nm 1\n",
      ]
    case .missingLabels:
      [
        "# TYPE m summary\nm 0\n", "# TYPE m histogram\nm_bucket 0\n",
        "# TYPE m gaugehistogram\nm_bucket 0\n",
        "# TYPE m stateset\nm 0\n",
      ] + ["-1", "word", "1.01", "NaN"].map { "# TYPE m summary\nm{quantile=\"\($0)\"} 0\n" }
    case .counterValues: Self.badValues
    case .histograms: Self.badHistograms
    case .grouping:
      [
        "# TYPE m histogram\nm_sum{k=\"4\"} 0\nm_sum{k=\"5\"} 0\nm_count{k=\"4\"} 0\n",
        "# TYPE m histogram\nm_bucket{k=\"4\",le=\"4\"} 0\nm_bucket{k=\"5\",le=\"+Inf\"} 0\nm_bucket{k=\"4\",le=\"+Inf\"} 0\n",
        "# TYPE m gaugehistogram\nm_gsum{k=\"4\"} 0\nm_gsum{k=\"5\"} 0\nm_gcount{k=\"4\"} 0\n",
        "# TYPE m summary\nm{quantile=\"0\"} 0\nm_sum{k=\"4\"} 0\nm{quantile=\"1\"} 0\n",
        "# TYPE m counter\nm_total{k=\"4\"} 0\nm_total{k=\"5\"} 0\nm_created{k=\"4\"} 0\n",
        "m 4\nm 4\n",
      ]
        + ["-1|-2", "-1|-1.1", "1|-1", "1.1|1", "1|0", "|0", "0|"].map { times in
          let times = times.split(separator: "|", omittingEmptySubsequences: false).map {
            $0.isEmpty ? "" : " \($0)"
          }
          return "# TYPE m gauge\nm 0\(times[0])\nm 0\(times[1])\n"
        }
    case .clashes:
      [
        "# TYPE m counter\n# TYPE m counter\n", "# TYPE m info\n# TYPE m counter\n",
        "# TYPE m_created gauge\n# TYPE m counter\n", "# TYPE m counter\n# TYPE m_total gauge\n",
        "# TYPE m gauge\nm 4\n# TYPE n gauge\nn 4\n# TYPE m gauge\nm 5\n",
      ]
    }
  }

  private static let badValues: [String] =
    [
      "m_sum NaN", "m_count NaN", "m_bucket{le=\"+Inf\"} NaN", "m_sum -1", "m_count -1",
      "m_bucket{le=\"+Inf\"} -1", "m_bucket{le=\"-1.0\"} 1\nm_bucket{le=\"+Inf\"} 2\nm_sum -1",
      "m_bucket{le=\"-1.0\"} 1\nm_bucket{le=\"+Inf\"} 2\nm_sum 1", "m_bucket{le=\"+Inf\"} 0.5",
      "m_bucket{le=\"+Inf\"} 0.5\nm_count 0.5\nm_sum 0",
    ].map { "# TYPE m histogram\n\($0)\n" }
    + [
      "m_bucket{le=\"+Inf\"} NaN", "m_bucket{le=\"+Inf\"} -1\nm_gcount -1", "m_bucket{le=\"+Inf\"} -1",
      "m_bucket{le=\"+Inf\"} 1\nm_gsum -1", "m_bucket{le=\"+Inf\"} 1\nm_gsum NaN\nm_gcount 1",
      "m_bucket{le=\"+Inf\"} 0.5", "m_bucket{le=\"+Inf\"} 0.5\nm_gsum 0.5\nm_gcount 0",
    ].map { "# TYPE m gaugehistogram\n\($0)\n" }
    + ["m_sum NaN", "m_count NaN", "m_sum -1", "m_count -1", "m_count 0.5", "m{quantile=\"0.5\"} -1"].map {
      "# TYPE m summary\n\($0)\n"
    } + ["m_total NaN", "m_total -1", "m_created 4", "m_total -Inf"].map { "# TYPE m counter\n\($0)\n" }

  private static let badHistograms: [String] =
    [
      "m_sum 1", "m_bucket{le=\"+Inf\"} 0\nm_sum 0", "m_bucket{le=\"+Inf\"} 0\nm_count 0",
      "m_bucket{le=\"-1\"} 0\nm_bucket{le=\"+Inf\"} 0\nm_sum 0\nm_count 0",
      "m_count 1\nm_bucket{le=\"+Inf\"} 0",
      "m_bucket{le=\"+Inf\"} 0\nm_count 1\nm_sum 0", "m_bucket{le=\"+INF\"} 0", "m_bucket{le=\"Inf\"} 0",
      "m_bucket{le=\"2\"} 0\nm_bucket{le=\"1\"} 0\nm_bucket{le=\"+Inf\"} 0",
      "m_bucket{le=\"1\"} 1\nm_bucket{le=\"2\"} 1\nm_bucket{le=\"+Inf\"} 0", "m_bucket{le=\"1\"} 1",
      "m_bucket{le=\"1\"} 1\nm_bucket{le=\"1.0\"} 1\nm_bucket{le=\"+Inf\"} 1",
    ].map { "# TYPE m histogram\n\($0)\n" }
    + [
      "m_gsum 1", "m_bucket{le=\"+Inf\"} 0\nm_gsum 0", "m_bucket{le=\"+Inf\"} 0\nm_gcount 0",
      "m_bucket{le=\"+Inf\"} 1\nm_gsum -1\nm_gcount 1",
    ].map { "# TYPE m gaugehistogram\n\($0)\n" }
}
