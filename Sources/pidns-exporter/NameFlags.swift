// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Namespaces

/// What series are called, and which ones there are.
struct NameFlags: ParsableArguments {
  @Option(
    name: .customLong("labels.level"),
    help: ArgumentHelp(
      "What tells series apart: with less than pidns, namespaces of the same labels add up.",
      valueName: "level"))
  var level = LabelLevel.pidns

  @Option(
    name: .customLong("labels.grace"),
    help: ArgumentHelp(
      "How long a PID namespace is held back while its container's names are not known.",
      valueName: "duration"))
  var grace = PromDuration(.seconds(5))

  @Option(
    name: .customLong("namespaces.include"),
    help: ArgumentHelp(
      "Show only these, by a regular expression for the whole value of a label (namespace, pod, container, pidns); may be given several times.",
      valueName: "label=regex"), transform: Self.rule)
  var include: [LabelFilter.Rule] = []

  @Option(
    name: .customLong("namespaces.exclude"),
    help: ArgumentHelp("Do not show these; may be given several times.", valueName: "label=regex"),
    transform: Self.rule)
  var exclude: [LabelFilter.Rule] = []

  private static func rule(_ text: String) throws -> LabelFilter.Rule {
    do {
      return try LabelFilter.Rule(text)
    } catch {
      throw ValidationError(error.description)
    }
  }

  /// How namespaces become series.
  var labelling: SeriesLabels {
    SeriesLabels(
      level: level, grace: grace.duration, selection: LabelFilter(include: include, exclude: exclude))
  }
}
