# SPDX-License-Identifier: Apache-2.0
"""What dashboards are made of: variables, panels, and where these stand.

Each function answers a part of the JSON that Grafana reads. Every panel has a title, a description and a unit, and asks the one data source
that the dashboard's variable names.
"""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24  # of Grafana's grid


def _label_values(name, label, query, **more):
    return {
        "type": "query", "name": name, "label": label, "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2, "sort": 1, "multi": True, "includeAll": True,
        # Matches series that lack the label, too: a Prometheus of one cluster, a container of no pod.
        "allValue": ".*", "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, **more,
    }


_DATASOURCE_VARIABLE = {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus"}
_CLUSTER = _label_values("cluster", "Cluster", "label_values(pidns_up, cluster)")
_JOB = _label_values("job", "Job", 'label_values(pidns_up{cluster=~"$cluster"}, job)')

# For dashboards of containers, and of exporters.
CONTAINER_VARIABLES = [
    _DATASOURCE_VARIABLE, _CLUSTER, _JOB,
    _label_values("namespace", "Namespace", 'label_values(pidns_process_execs_total{cluster=~"$cluster", job=~"$job"}, namespace)'),
    _label_values(
        "pod", "Pod", 'label_values(pidns_process_execs_total{cluster=~"$cluster", job=~"$job", namespace=~"$namespace"}, pod)'),
    _label_values(
        "container", "Container",
        'label_values(pidns_process_execs_total{cluster=~"$cluster", job=~"$job", namespace=~"$namespace", pod=~"$pod"}, container)'),
]
EXPORTER_VARIABLES = [
    _DATASOURCE_VARIABLE, _CLUSTER, _JOB,
    _label_values("instance", "Instance", 'label_values(pidns_up{cluster=~"$cluster", job=~"$job"}, instance)'),
]


def query(expression, legend="", **more):
    """A query over the time that is shown, a line for each series."""
    return {"expr": expression, "legendFormat": legend or "__auto", "datasource": DATASOURCE, "range": True, **more}


def now(expression, **more):
    """A query for what is at the end of the time that is shown, a row for each series."""
    return {"expr": expression, "format": "table", "datasource": DATASOURCE, "instant": True, **more}


def _panel(kind, title, description, unit, queries, options, width, height, custom=None, **defaults):
    return {
        "type": kind, "title": title, "description": description, "datasource": DATASOURCE,
        "targets": [{**query, "refId": chr(ord("A") + number)} for number, query in enumerate(queries)],
        "fieldConfig": {
            "defaults": {"unit": unit, **({"custom": custom} if custom else {}), **defaults}, "overrides": []},
        "options": options,
        "gridPos": {"w": width, "h": height, "x": 0, "y": 0},
    }


def timeseries(title, description, unit, *queries, width=12, height=8, stacked=False):
    """Lines over time."""
    custom = {"fillOpacity": 25 if stacked else 5, "lineWidth": 1, "showPoints": "never", "spanNulls": False}
    if stacked:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return _panel("timeseries", title, description, unit, queries, options, width, height, custom, min=0)


def stat(title, description, unit, expression, bad=None, width=4, height=4):
    """One number, over its course; red from `bad` on, where there is such a number."""
    steps = [{"value": None, "color": "text"}] + ([{"value": bad, "color": "red"}] if bad is not None else [])
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "values": False}, "graphMode": "area", "colorMode": "value",
        "textMode": "auto", "justifyMode": "auto", "orientation": "auto",
    }
    return _panel(
        "stat", title, description, unit, [query(expression)], options, width, height,
        color={"mode": "thresholds"}, thresholds={"mode": "absolute", "steps": steps})


def heatmap(title, description, unit, expression, width=12, height=8):
    """A distribution over time, of a classic histogram's buckets."""
    options = {
        "calculate": False, "cellGap": 1, "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "fill": "dark-orange", "exponent": 0.5, "reverse": False},
        "yAxis": {"unit": unit}, "legend": {"show": True}, "showValue": "never",
        "tooltip": {"show": True, "yHistogram": False},
    }
    return _panel("heatmap", title, description, unit, [query(expression, "{{le}}", format="heatmap")], options, width, height)


def table(title, description, unit, columns, width=24, height=10, links=None, hidden=("Time",), sorted_by=None, units=None):
    """Rows of several queries, put together by the labels that they share.

    columns: (heading, query) each; heading is None where the labels alone are shown.
    links: (column, title, address) each: what a click on a cell opens.
    """
    letters = [chr(ord("A") + number) for number in range(len(columns))]
    # One query's value is called "Value", those of several "Value #A" and so on.
    values = ["Value"] if len(columns) == 1 else [f"Value #{letter}" for letter in letters]
    renamed = {value: heading for value, (heading, _) in zip(values, columns) if heading}
    left_out = [*hidden, *(value for value, (heading, _) in zip(values, columns) if not heading)]
    options = {"showHeader": True, "cellHeight": "sm", "sortBy": [{"displayName": sorted_by, "desc": True}] if sorted_by else []}
    panel = _panel("table", title, description, unit, [query for _, query in columns], options, width, height)
    panel["transformations"] = [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {name: True for name in left_out}, "renameByName": renamed}},
    ]
    panel["fieldConfig"]["overrides"] = [
        {"matcher": {"id": "byName", "options": heading}, "properties": [{"id": "unit", "value": other}]}
        for heading, other in (units or {}).items()
    ] + [
        {"matcher": {"id": "byName", "options": column},
         "properties": [{"id": "links", "value": [{"title": link_title, "url": address}]}]}
        for column, link_title, address in links or []
    ]
    return panel


def row(title):
    """A heading above the panels that follow."""
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"w": WIDTH, "h": 1, "x": 0, "y": 0}}


def _placed(panels):
    """Numbers panels, and puts them side by side as long as there is room."""
    x = y = height = 0
    for number, panel in enumerate(panels, 1):
        place = panel["gridPos"]
        if x + place["w"] > WIDTH:
            x, y, height = 0, y + height, 0
        place.update(x=x, y=y)
        panel["id"] = number
        x, height = x + place["w"], max(height, place["h"])
    return panels


def dashboard(uid, title, description, variables, panels):
    """A dashboard, with links to the others."""
    return {
        "uid": uid, "title": title, "description": description, "tags": ["pidns-exporter"], "schemaVersion": 39, "version": 1,
        "editable": True, "graphTooltip": 1, "timezone": "browser", "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": variables},
        "links": [{
            "type": "dashboards", "title": "pidns-exporter", "tags": ["pidns-exporter"], "asDropdown": True, "includeVars": True,
            "keepTime": True, "targetBlank": False, "icon": "external link", "tooltip": "", "url": "",
        }],
        "panels": _placed(panels),
    }
