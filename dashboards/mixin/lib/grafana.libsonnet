// SPDX-License-Identifier: Apache-2.0
//
// Parts of a Grafana dashboard: variables, queries, panels and their positions. Every panel has a title, a
// description and a unit, and uses the data source of the dashboard's variable.
local datasource = { type: 'prometheus', uid: '${datasource}' };
local width = 24;  // of Grafana's grid

// Returns the name of a query: A, B, C.
local letter(number) = std.char(std.codepoint('A') + number);

local panel(kind, title, description, unit, queries, options, width, height, custom={}, defaults={}, overrides=[]) = {
  type: kind,
  title: title,
  description: description,
  datasource: datasource,
  targets: std.mapWithIndex(function(number, query) query { refId: letter(number) }, queries),
  fieldConfig: {
    defaults: { unit: unit, [if custom != {} then 'custom']: custom } + defaults,
    overrides: overrides,
  },
  options: options,
  gridPos: { w: width, h: height, x: 0, y: 0 },
};

// Numbers panels, and places them side by side while they fit.
local placed(panels) = std.foldl(
  function(grid, panel)
    local wraps = grid.x + panel.gridPos.w > width;
    local x = if wraps then 0 else grid.x;
    local y = if wraps then grid.y + grid.height else grid.y;
    {
      panels: grid.panels + [panel { id: std.length(grid.panels) + 1, gridPos+: { x: x, y: y } }],
      x: x + panel.gridPos.w,
      y: y,
      height: if wraps then panel.gridPos.h else std.max(grid.height, panel.gridPos.h),
    },
  panels,
  { panels: [], x: 0, y: 0, height: 0 }
).panels;

{
  // The data source to choose.
  datasourceVariable:: { type: 'datasource', name: 'datasource', label: 'Data source', query: 'prometheus' },

  // Returns a variable whose values are those of a label.
  variable(name, label, series, of=name):: {
    type: 'query',
    name: name,
    label: label,
    datasource: datasource,
    query: { query: 'label_values(%s, %s)' % [series, of], refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    // Matches series without the label as well: a Prometheus of one cluster, a container outside Kubernetes.
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
  },

  // Returns a query over the displayed time, with a line for each series.
  query(expression, legend='__auto'):: { expr: expression, legendFormat: legend, datasource: datasource, range: true },

  // Returns a query at the end of the displayed time, with a row for each series.
  now(expression):: { expr: expression, format: 'table', datasource: datasource, instant: true },

  timeseries(title, description, unit, queries, stacked=false)::
    panel(
      'timeseries',
      title,
      description,
      unit,
      queries,
      {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
      12,
      8,
      custom={
        fillOpacity: if stacked then 25 else 5,
        lineWidth: 1,
        showPoints: 'never',
        spanNulls: false,
        [if stacked then 'stacking']: { mode: 'normal', group: 'A' },
      },
      defaults={ min: 0 },
    ),

  // Returns one number with its recent history. It is red from `bad` on.
  stat(title, description, unit, expression, bad=null)::
    panel(
      'stat',
      title,
      description,
      unit,
      [self.query(expression)],
      {
        reduceOptions: { calcs: ['lastNotNull'], values: false },
        graphMode: 'area',
        colorMode: 'value',
        textMode: 'auto',
        justifyMode: 'auto',
        orientation: 'auto',
      },
      4,
      4,
      defaults={
        color: { mode: 'thresholds' },
        thresholds: {
          mode: 'absolute',
          steps: [{ value: null, color: 'text' }] + (if bad == null then [] else [{ value: bad, color: 'red' }]),
        },
      },
    ),

  // Returns the query of a heat map. Uses classic buckets if Prometheus stores them, otherwise native
  // histograms. If it stores both, only the classic buckets are shown.
  //
  // selector: returns the selector of a metric.
  buckets(selector, metric)::
    'sum by (le) (increase(%s[$__rate_interval])) or ignoring (le) sum(increase(%s[$__rate_interval]))' % [
      selector(metric + '_bucket'),
      selector(metric),
    ],

  // Returns a distribution over time. The expression is a classic histogram's buckets, or a native histogram.
  heatmap(title, description, unit, expression)::
    panel(
      'heatmap',
      title,
      description,
      unit,
      [self.query(expression, '{{le}}') { format: 'heatmap' }],
      {
        calculate: false,
        cellGap: 1,
        color: { mode: 'scheme', scheme: 'Oranges', steps: 64, fill: 'dark-orange', exponent: 0.5, reverse: false },
        yAxis: { unit: unit },
        legend: { show: true },
        showValue: 'never',
        tooltip: { show: true, yHistogram: false },
      },
      12,
      8,
    ),

  // Returns a table whose rows are joined by the labels that the queries share.
  //
  // columns: [heading, query] each. Without a heading, only the labels are shown.
  // units: the unit of a heading that differs from the table's. links: [column, title, address] each, for a click on a cell.
  table(title, description, unit, columns, hidden=['Time'], sortedBy=null, units={}, links=[], width=24, height=10)::
    // Grafana calls the value of a single query "Value", and of several "Value #A" and so on.
    local values = if std.length(columns) == 1 then ['Value'] else std.mapWithIndex(function(n, _) 'Value #' + letter(n), columns);
    local numbers = std.range(0, std.length(columns) - 1);
    local override(column, id, value) = { matcher: { id: 'byName', options: column }, properties: [{ id: id, value: value }] };
    panel(
      'table',
      title,
      description,
      unit,
      [column[1] for column in columns],
      {
        showHeader: true,
        cellHeight: 'sm',
        sortBy: if sortedBy == null then [] else [{ displayName: sortedBy, desc: true }],
      },
      width,
      height,
      overrides=[override(heading, 'unit', units[heading]) for heading in std.objectFields(units)] +
                [override(link[0], 'links', [{ title: link[1], url: link[2] }]) for link in links],
    ) + {
      transformations: [
        { id: 'merge', options: {} },
        {
          id: 'organize',
          options: {
            excludeByName: { [name]: true for name in hidden } +
                           { [values[n]]: true for n in numbers if columns[n][0] == null },
            renameByName: { [values[n]]: columns[n][0] for n in numbers if columns[n][0] != null },
          },
        },
      ],
    },

  // Returns a heading above the panels that follow.
  row(title):: { type: 'row', title: title, collapsed: false, panels: [], gridPos: { w: width, h: 1, x: 0, y: 0 } },

  // Returns a dashboard with links to the others of its tags.
  dashboard(config, name, title, description, variables, panels):: {
    uid: config.dashboardUidPrefix + name,
    title: config.dashboardNamePrefix + title,
    description: description,
    tags: config.dashboardTags,
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    timezone: config.dashboardTimezone,
    refresh: config.dashboardRefresh,
    time: { from: config.dashboardFrom, to: 'now' },
    templating: { list: variables },
    links: [{
      type: 'dashboards',
      title: 'pidns-exporter',
      tags: config.dashboardTags,
      asDropdown: true,
      includeVars: true,
      keepTime: true,
      targetBlank: false,
      icon: 'external link',
      tooltip: '',
      url: '',
    }],
    panels: placed(panels),
  },
}
