package account

// Field is one value of a person's profile that may follow the directory.
type Field uint8

// The fields, in the order in which pages and logs show them.
const (
	Name       Field = iota // display name
	FirstName               // given name
	LastName                // surname
	EmployeeID              // free text
	Title                   // job title; iRedMail's SQL tables have no column for it
	Mobile                  // telephone number
	Telephone               // telephone number
	NumFields  = iota
)

var fieldNames = [NumFields]string{"name", "first_name", "last_name", "employee_id", "title", "mobile", "telephone"}

// String is the field's name in forms ("user_" + name), logs and message keys.
func (f Field) String() string { return fieldNames[f] }

// FieldNamed finds a field by its name.
func FieldNamed(name string) (f Field, ok bool) {
	for i, n := range fieldNames {
		if n == name {
			return Field(i), true
		}
	}
	return 0, false
}

// AllFields lists every field in order.
func AllFields() [NumFields]Field {
	var all [NumFields]Field
	for i := range all {
		all[i] = Field(i)
	}
	return all
}

// Fields is a set of fields.
type Fields uint16

// FieldSet makes a set.
func FieldSet(fields ...Field) Fields {
	var s Fields
	for _, f := range fields {
		s |= 1 << f
	}
	return s
}

// Has reports whether f is in the set.
func (s Fields) Has(f Field) bool { return s&(1<<f) != 0 }

// With is the set and f.
func (s Fields) With(f Field) Fields { return s | 1<<f }

// Profile holds a value for every field; the empty string stands for an absent one.
type Profile [NumFields]string

// HasAny reports whether the profile has a value for one of the fields.
func (p *Profile) HasAny(fields Fields) bool {
	for _, f := range AllFields() {
		if fields.Has(f) && p[f] != "" {
			return true
		}
	}
	return false
}

// Differing is the set of those fields of mask in which p and q are not the same.
func (p *Profile) Differing(q *Profile, mask Fields) Fields {
	var s Fields
	for i := range p {
		if f := Field(i); mask.Has(f) && p[i] != q[i] {
			s = s.With(f)
		}
	}
	return s
}
