package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// sections are the parts of a file in their order; what stands before the first is the head.
const (
	head = iota
	before
	steps
	expect
)

var sections = []string{before: "before", steps: "steps", expect: "expect"}

// parser reads a file line by line.
type parser struct {
	Scenario

	section    int
	introduced map[string]bool
}

// Parse reads a scenario. The error says what is wrong, with the file and the line of each mistake.
func Parse(file, text string) (*Scenario, error) {
	p := parser{Scenario: Scenario{File: file}, introduced: make(map[string]bool)}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("%s: not UTF-8", file)
	}
	var problems []error
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		if err := p.line(number, line); err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %w", file, number, err))
		}
	}
	if err := p.whole(); err != nil && len(problems) == 0 {
		problems = append(problems, fmt.Errorf("%s: %w", file, err))
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return &p.Scenario, nil
}

// whole returns what is missing of the scenario.
func (p *parser) whole() error {
	last := len(p.Steps) - 1
	switch {
	case p.section != expect:
		return errors.New("the sections steps and expect have to be there")
	case last < 0 || !p.Steps[last].isRun():
		return errors.New("the last of the steps has to be a run")
	case !slices.ContainsFunc(p.Expect, func(s Sentence) bool { return s.words[0] == "log" }):
		return errors.New("what the log says is not expected; say \"log any\" where that does not matter")
	}
	return nil
}

func (p *parser) line(number int, line string) error {
	if comment, is := strings.CutPrefix(strings.TrimSpace(line), "#"); is {
		if p.section == head && len(p.Rules)+len(p.Settings) == 0 {
			p.Title = append(p.Title, strings.TrimSpace(comment))
		}
		return nil
	}
	words, err := split(line)
	if err != nil || len(words) == 0 {
		return err
	}
	if i := slices.Index(sections, words[0]); i > head && len(words) == 1 {
		return p.begin(i)
	}
	switch {
	case words[0] == "rules":
		return p.rules(words[1:])
	case words[0] == "settings":
		return p.settings(number, words[1:])
	case p.section == head:
		return fmt.Errorf("%s has to stand in a section: before, steps or expect", words[0])
	case p.section == expect:
		return p.sentence(number, words, expectations, &p.Expect)
	case p.section == before:
		return p.sentence(number, words, actions, &p.Before)
	}
	return p.sentence(number, words, actions, &p.Steps)
}

func (p *parser) begin(section int) error {
	if section <= p.section || section == expect && p.section != steps {
		return fmt.Errorf("the section %s stands in the wrong place", sections[section])
	}
	p.section = section
	return nil
}

func (p *parser) rules(numbers []string) error {
	if p.section != head {
		return errors.New("rules have to stand before the sections")
	}
	for _, n := range numbers {
		if digits, is := strings.CutPrefix(n, "R"); !is || !isIn(aNumber, digits) {
			return fmt.Errorf("%s is not the number of a rule", n)
		}
	}
	p.Rules = append(p.Rules, numbers...)
	return nil
}

// settings reads several settings with commas between them, each of which becomes a sentence.
func (p *parser) settings(number int, words []string) error {
	for _, list := range divide(words) {
		to := &p.Steps
		switch p.section {
		case head:
			to = &p.Settings
		case before:
			to = &p.Before
		case expect:
			return errors.New("settings are nothing to expect")
		}
		if err := p.sentence(number, append([]string{"settings"}, list...), settings, to); err != nil {
			return err
		}
	}
	return nil
}

// divide cuts a list of words at its commas.
func divide(words []string) (lists [][]string) {
	for {
		i := slices.Index(words, ",")
		if i < 0 {
			return append(lists, words)
		}
		lists = append(lists, words[:i])
		words = words[i+1:]
	}
}

// sentence reads a sentence of one of the forms.
func (p *parser) sentence(number int, words []string, forms []sentenceForm, to *[]Sentence) error {
	furthest := 0
	for i := range forms {
		v, good, ok := forms[i].match(words)
		if !ok {
			furthest = max(furthest, good)
			continue
		}
		if err := p.introduce(v); err != nil {
			return err
		}
		*to = append(*to, Sentence{Line: number, words: words, form: &forms[i], values: v})
		return nil
	}
	if furthest == len(words) {
		return fmt.Errorf("%q is not a whole sentence", join(words))
	}
	return fmt.Errorf("%s is not understood here", words[furthest])
}

// introduce has the parser know the objects that a sentence introduces, and refuses those that nobody has.
func (p *parser) introduce(v values) error {
	for _, name := range v[anObject] {
		if !p.introduced[name] {
			return fmt.Errorf("there is no object %s", name)
		}
	}
	for _, name := range v[aNew] {
		if p.introduced[name] {
			return fmt.Errorf("there is an object %s already", name)
		}
		p.introduced[name] = true
	}
	return nil
}
