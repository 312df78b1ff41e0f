// SPDX-License-Identifier: Apache-2.0

// Serves as many series as the exporter, by VictoriaMetrics' library github.com/VictoriaMetrics/metrics.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"

	"github.com/VictoriaMetrics/metrics"
)

func main() {
	address := flag.String("web.listen-address", "127.0.0.1:0", "Address to listen on.")
	namespaces := flag.Int("namespaces", 10, "Number of namespaces, of 18 series each.")
	flag.Parse()
	set := metrics.NewSet()
	for n := 0; n < *namespaces; n++ {
		for series := 0; series < 18; series++ {
			name := fmt.Sprintf(
				`pidns_counter_%02d_total{pidns="%d",namespace="shop",pod="web-7c5ddbdf54-x%04d",container="nginx"}`,
				series, 4026532000+n, n)
			set.NewCounter(name).Set(uint64(n + series))
		}
	}
	http.HandleFunc("/metrics", func(w http.ResponseWriter, r *http.Request) { set.WritePrometheus(w) })
	log.Fatal(http.ListenAndServe(*address, nil))
}
