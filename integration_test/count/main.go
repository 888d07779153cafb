// Command count reads what "go test -json" writes, prints one line for each package, the whole output of everything that
// failed and which tests took long, and ends with one line that says how many tests passed and failed. A test that skipped
// itself counts as failed: it proved nothing. It exits with 1 when something failed or no test ran at all.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
)

// event is a line of "go test -json" (go doc test2json).
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// key names a test, or with an empty test a package.
type key struct{ pkg, test string }

type tally struct {
	out            io.Writer
	passed, failed int
	output         map[key][]string
	broken         map[string]bool // packages with a failed test
	slow           []event
}

// long is from how many seconds on a test is named as one to make faster.
const long = 15

func main() {
	t := &tally{out: os.Stdout, output: map[key][]string{}, broken: map[string]bool{}}
	if err := t.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "count:", err)
		t.failed++
	}
	t.name()
	fmt.Printf("%d passed, %d failed\n", t.passed, t.failed)
	if t.failed > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

func (t *tally) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case len(line) == 0:
		case json.Unmarshal(line, &e) != nil:
			fmt.Fprintf(t.out, "%s", line)
		default:
			t.take(e)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the events: %w", err)
		}
	}
}

func (t *tally) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(t.out, e.Output)
	case "output":
		t.output[k] = append(t.output[k], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.endPackage(e)
		} else {
			t.endTest(e)
		}
		delete(t.output, k)
	}
}

func (t *tally) endTest(e event) {
	if e.Elapsed >= long {
		t.slow = append(t.slow, e)
	}
	if e.Action == "pass" {
		t.passed++
		return
	}
	t.failed++
	t.broken[e.Package] = true
	t.print(e.Package, e.Test)
}

// endPackage also counts a package that failed outside of a test: it did not build, ended early or hung.
func (t *tally) endPackage(e event) {
	if e.Action == "skip" { // no test files
		return
	}
	if e.Action == "fail" && !t.broken[e.Package] {
		t.failed++
		for k := range t.output { // tests that never came to an end
			if k.pkg == e.Package && k.test != "" {
				t.print(k.pkg, k.test)
			}
		}
	}
	if e.Action == "fail" {
		t.print(e.Package, "")
	}
	fmt.Fprintf(t.out, "%-4s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
}

func (t *tally) print(pkg, test string) {
	for _, text := range t.output[key{pkg, test}] {
		fmt.Fprint(t.out, text)
	}
}

// name names the tests that took long, the longest first; what a test does beside others is not told apart.
func (t *tally) name() {
	slices.SortStableFunc(t.slow, func(a, b event) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	for _, e := range t.slow {
		fmt.Fprintf(t.out, "long %s %s %.0fs\n", path.Base(e.Package), e.Test, e.Elapsed)
	}
}
