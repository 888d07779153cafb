package resource

import (
	"errors"
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Problem is a mistake or an obstacle that an admin can do something about: the form field it belongs to (empty:
// the whole page) and a sentence saying what is wrong and what to do.
type Problem struct {
	Field   string
	Message account.Message
	Err     error // the technical cause, for the log; may be nil
}

// NewProblem makes a problem whose sentence is "problem_" + key.
func NewProblem(field, key string, cause error, pairs ...string) *Problem {
	return &Problem{Field: field, Message: account.Say("problem_"+key, pairs...), Err: cause}
}

// Error is the problem for the log.
func (p *Problem) Error() string {
	text := p.Message.String()
	if p.Field != "" {
		text = p.Field + ": " + text
	}
	if p.Err != nil {
		text += ": " + p.Err.Error()
	}
	return text
}

// Unwrap is the technical cause.
func (p *Problem) Unwrap() error { return p.Err }

// Problems are all the mistakes of a form at once. It is an error; an empty list is not: use AsError.
type Problems []*Problem

// Error joins the problems.
func (ps Problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "; ")
}

// AsError is the list as an error, nil when it is empty.
func (ps Problems) AsError() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// ByField is the first problem of each field.
func (ps Problems) ByField() map[string]*Problem {
	m := make(map[string]*Problem, len(ps))
	for _, p := range ps {
		if _, found := m[p.Field]; !found {
			m[p.Field] = p
		}
	}
	return m
}

// Without returns the problems of other fields.
func (ps Problems) Without(field string) Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p *Problem) bool { return p.Field == field })
}

// ProblemsOf finds the problems in an error, wrapped or not; an error that has none becomes one for the whole page
// that says only that something unexpected happened, with the error as its cause.
func ProblemsOf(err error) Problems {
	if err == nil {
		return nil
	}
	var many Problems
	if errors.As(err, &many) {
		return many
	}
	var one *Problem
	if errors.As(err, &one) {
		return Problems{one}
	}
	return Problems{NewProblem("", "unexpected", err)}
}
