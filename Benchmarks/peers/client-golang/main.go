// SPDX-License-Identifier: Apache-2.0

// Serves as many series as the exporter, by Prometheus' library client_golang.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	address := flag.String("web.listen-address", "127.0.0.1:0", "Address to listen on.")
	namespaces := flag.Int("namespaces", 10, "Number of namespaces, of 18 series each.")
	flag.Parse()
	registry := prometheus.NewRegistry()
	labels := []string{"pidns", "namespace", "pod", "container"}
	for series := 0; series < 18; series++ {
		vector := prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: fmt.Sprintf("pidns_counter_%02d_total", series),
			Help: "A counter for each namespace.",
		}, labels)
		registry.MustRegister(vector)
		for n := 0; n < *namespaces; n++ {
			pod := fmt.Sprintf("web-7c5ddbdf54-x%04d", n)
			vector.WithLabelValues(fmt.Sprint(4026532000+n), "shop", pod, "nginx").Add(float64(n + series))
		}
	}
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	log.Fatal(http.ListenAndServe(*address, nil))
}
