package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTally(t *testing.T) {
	tests := map[string]struct {
		events         []string
		passed, failed int
		shown          string
	}{
		"all pass": {
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA/sub"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Elapsed":1.25}`,
			},
			passed: 2, shown: "pass p 1.2s\n",
		},
		"a test fails": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"why\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			failed: 1, shown: "why\nfail p 0.0s\n",
		},
		"a skipped test proved nothing": {
			events: []string{`{"Action":"skip","Package":"p","Test":"TestA"}`, `{"Action":"pass","Package":"p"}`},
			failed: 1, shown: "pass p 0.0s\n",
		},
		"a package does not build": {
			events: []string{
				`{"Action":"build-output","ImportPath":"p","Output":"x.go:1: no\n"}`,
				`{"Action":"build-fail","ImportPath":"p"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			failed: 1, shown: "x.go:1: no\nfail p 0.0s\n",
		},
		"a test hangs": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: test timed out\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			failed: 1, shown: "panic: test timed out\nfail p 0.0s\n",
		},
		"a test takes long": {
			events: []string{
				`{"Action":"pass","Package":"m/p","Test":"TestA","Elapsed":15.2}`,
				`{"Action":"pass","Package":"m/p","Test":"TestB","Elapsed":99}`,
				`{"Action":"pass","Package":"m/p","Test":"TestC","Elapsed":14.9}`,
			},
			passed: 3, shown: "long p TestB 99s\nlong p TestA 15s\n",
		},
		"a package has no tests": {events: []string{`{"Action":"skip","Package":"p"}`}},
		"other lines are shown":  {events: []string{"servers: stopped"}, shown: "servers: stopped\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			sum := &tally{out: &out, output: map[key][]string{}, broken: map[string]bool{}}
			require.NoError(t, sum.read(strings.NewReader(strings.Join(tt.events, "\n")+"\n")))
			sum.name()
			require.Equal(t, []int{tt.passed, tt.failed}, []int{sum.passed, sum.failed})
			require.Equal(t, tt.shown, out.String())
		})
	}
}
