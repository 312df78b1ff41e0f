// SPDX-License-Identifier: Apache-2.0
{
  // The location of a target, for texts.
  node:: '{{ or $labels.node $labels.instance }}',

  // Returns a function (name, severity, expr, summary, description, duration) that makes an alert.
  new(config):: function(name, severity, expr, summary, description, duration=null) {
    alert: name,
    expr: expr,
    [if duration != null then 'for']: duration,
    labels: { severity: severity },
    annotations: {
      summary: summary,
      description: description,
      runbook_url: config.runbookURLPattern % std.asciiLower(name),
    },
  },
}
