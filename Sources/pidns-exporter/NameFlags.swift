// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Namespaces

/// Flags that select and label series.
struct NameFlags: ParsableArguments {
  @Option(
    name: .customLong("labels.level"),
    help: ArgumentHelp(
      "Most specific label of the series; namespaces whose labels are equal up to it are added up.",
      valueName: "level"))
  var level = LabelLevel.pidns

  @Option(
    name: .customLong("labels.grace"),
    help: ArgumentHelp(
      "Longest time for which a PID namespace is hidden until its container's name is known (default: 5s).",
      valueName: "duration"), transform: PromDuration.parse)
  var grace = PromDuration(.seconds(5))

  @Option(
    name: .customLong("namespaces.include"),
    help: ArgumentHelp(
      "Show only namespaces with this label value (namespace, pod, container, unit, pidns); the expression matches the whole value; may be given several times.",
      valueName: "label=regex"), transform: Self.rule)
  var include: [LabelFilter.Rule] = []

  @Option(
    name: .customLong("namespaces.exclude"),
    help: ArgumentHelp(
      "Do not show namespaces with this label value; may be given several times.", valueName: "label=regex"),
    transform: Self.rule)
  var exclude: [LabelFilter.Rule] = []

  private static func rule(_ text: String) throws -> LabelFilter.Rule {
    do {
      return try LabelFilter.Rule(text)
    } catch {
      throw ValidationError(error.description)
    }
  }

  /// Logs a warning for each flag that has no effect without pod names.
  func warn(_ logger: Logger, hasPodNames: Bool) {
    guard !hasPodNames else { return }
    if (include + exclude).contains(where: { $0.label == .namespace || $0.label == .pod }) {
      logger.warning(
        "namespace and pod are empty in all series, so rules on them match nothing; add --kubernetes",
        metadata: ["flags": "--namespaces.include, --namespaces.exclude"])
    }
    if level == .namespace || level == .pod {
      logger.warning(
        "namespace and pod are empty in all series, so all containers are in one series; add --kubernetes",
        metadata: ["flag": "--labels.level"])
    }
  }

  /// The rules that turn namespaces into series.
  var labelling: SeriesLabels {
    SeriesLabels(
      level: level, grace: grace.duration, selection: LabelFilter(include: include, exclude: exclude))
  }
}
