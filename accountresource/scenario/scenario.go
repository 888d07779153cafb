package scenario

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// Scenario is a file that says what happens and what comes of it.
type Scenario struct {
	File  string
	Title []string // the comment at the beginning
	Rules []string
	// Settings are those that the resource begins with, over the usual ones.
	Settings              []Sentence
	Before, Steps, Expect []Sentence
}

// Sentence is a line of a scenario.
type Sentence struct {
	Line int

	words  []string
	form   *sentenceForm
	values values
}

// String returns the sentence as it may stand in a file.
func (s *Sentence) String() string { return join(s.words) }

// isRun reports whether the sentence is a run.
func (s *Sentence) isRun() bool { return s.words[0] == "run" }

// sentenceForm is a form with what it means: something that happens, or something that can be checked.
type sentenceForm struct {
	form

	do    func(*Play, context.Context, values) error
	check func(*finding, context.Context, values) error
}

// String returns the scenario as a file that parses to the same.
func (s *Scenario) String() string {
	var b strings.Builder
	for _, line := range s.Title {
		b.WriteString(strings.TrimSpace("# "+line) + "\n")
	}
	if len(s.Rules) > 0 {
		b.WriteString("rules " + strings.Join(s.Rules, " ") + "\n")
	}
	for i := range s.Settings {
		b.WriteString(s.Settings[i].String() + "\n")
	}
	for i, list := range [][]Sentence{before: s.Before, steps: s.Steps, expect: s.Expect} {
		if i == head || i == before && len(list) == 0 {
			continue
		}
		b.WriteString(sections[i] + "\n")
		for j := range list {
			b.WriteString("  " + list[j].String() + "\n")
		}
	}
	return b.String()
}

//go:embed testdata/*.txt
var files embed.FS

// All returns the scenarios of this package in the order of their names.
func All() ([]*Scenario, error) {
	names, err := fs.Glob(files, "testdata/*.txt")
	if err != nil {
		return nil, fmt.Errorf("list the scenarios: %w", err)
	}
	all := make([]*Scenario, 0, len(names))
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read a scenario: %w", err)
		}
		s, err := Parse(strings.TrimPrefix(name, "testdata/"), string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// reserved are the words that mean something by themselves.
var reserved = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{"rules": true}
	for _, section := range sections {
		words[section] = true
	}
	for _, f := range slices.Concat(actions, settings, expectations) {
		for _, w := range f.literals() {
			words[w] = true
		}
	}
	return words
})

func isReserved(word string) bool { return reserved()[word] || isIn(anAction, word) }
