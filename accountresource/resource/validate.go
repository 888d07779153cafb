package resource

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
)

// attributePattern is an attribute description without options (RFC 4512, section 2.5): a name or an object
// identifier.
var attributePattern = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+)?$`)

// rules holds the validator, which caches what it learns of a struct and is safe for concurrent use.
var rules = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string { return f.Tag.Get("form") })
	v.RegisterCustomTypeFunc(func(f reflect.Value) any {
		secret := f.Interface().(Secret)
		if secret.Locked() != "" {
			return secret.String() // there is one, whatever it is
		}
		return secret.Reveal()
	}, Secret{})
	for tag, rule := range map[string]func(string) bool{"attribute": attributePattern.MatchString, "printable": printable} {
		if err := v.RegisterValidation(tag, func(fl validator.FieldLevel) bool {
			return rule(fl.Field().String())
		}); err != nil {
			panic(fmt.Sprintf("register the rule %s: %v", tag, err)) // only for an empty tag name
		}
	}
	return v
})

// printable reports whether a text is UTF-8 without control characters and line breaks of any kind: in a name that is
// sent to a server these would be further lines of whatever protocol it speaks.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// check applies the rules of the struct tags; fields that already have a problem are passed over.
func check(tab any, known Problems) Problems {
	var broken validator.ValidationErrors
	if err := rules().Struct(tab); !errors.As(err, &broken) {
		return nil
	}
	seen := known.ByField()
	var problems Problems
	for _, b := range broken {
		if _, found := seen[b.Field()]; !found {
			problems = append(problems, problemOf(b))
		}
	}
	return problems
}

func problemOf(b validator.FieldError) *Problem {
	number := b.Kind() == reflect.Int
	switch tag := b.Tag(); {
	case tag == "required" && b.Field() == "bind_password":
		return NewProblem(b.Field(), "password_required", nil)
	case tag == "required":
		return NewProblem(b.Field(), "required", nil)
	case number && (tag == "min" || tag == "max"):
		low, high := bounds(b)
		return NewProblem(b.Field(), "out_of_range", nil, "Min", low, "Max", high)
	case tag == "max":
		return NewProblem(b.Field(), "too_long", nil, "Max", b.Param())
	case tag == "printable":
		return NewProblem(b.Field(), "control_characters", nil)
	case tag == "attribute":
		return NewProblem(b.Field(), "not_an_attribute", nil)
	default:
		return NewProblem(b.Field(), "not_an_option", nil, "Options", strings.ReplaceAll(b.Param(), " ", ", "))
	}
}

// bounds finds both limits of a number, so that one sentence can name them whichever was crossed.
func bounds(b validator.FieldError) (low, high string) {
	for _, tab := range []any{Connection{}, Replication{}} {
		field, found := reflect.TypeOf(tab).FieldByName(b.StructField())
		if !found {
			continue
		}
		for rule := range strings.SplitSeq(field.Tag.Get("validate"), ",") {
			switch name, value, _ := strings.Cut(rule, "="); name {
			case "min":
				low = value
			case "max":
				high = value
			}
		}
	}
	return low, high
}
