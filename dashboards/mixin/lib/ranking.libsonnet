// SPDX-License-Identifier: Apache-2.0
//
// Queries of graphs that show only the highest series.
local grafana = import 'grafana.libsonnet';

// subject: the labels of one line. subjectLegend: its name.
function(config, subject, subjectLegend) {
  local ranking = self,
  local inCluster = ' {{%s}}' % config.clusterLabel,

  // Returns the highest series over the whole displayed time. topk() alone selects again at each step, so a
  // graph would have many more than ten lines.
  top(shown, ranked, by=subject, legend=subjectLegend):: grafana.query(
    'sum by (%(by)s) (%(shown)s) and on (%(by)s) topk(%(top)d, sum by (%(by)s) (%(ranked)s))' % {
      by: by,
      shown: shown,
      ranked: ranked,
      top: config.dashboardTop,
    },
    legend + inCluster,
  ),

  // Returns the highest rates of a counter.
  rate(metric, by=subject, legend=subjectLegend)::
    ranking.top('rate(%s[$__rate_interval])' % metric, 'increase(%s[$__range] @ end())' % metric, by, legend),

  // Returns the highest increases of a counter, without zeros.
  increase(metric, by=subject, legend=subjectLegend):: grafana.query(
    'sum by (%(by)s) (increase(%(metric)s[$__rate_interval])) > 0 and on (%(by)s) topk(%(top)d, sum by (%(by)s) (increase(%(metric)s[$__range] @ end())) > 0)' % {
      by: by,
      metric: metric,
      top: config.dashboardTop,
    },
    legend + inCluster,
  ),
}
