//! Expressions against what they give, and programs against the limits.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]

use pki_core::domain::time::Timestamp;
use pki_core::policy::cel::{Inputs, Program, Variable};
use serde_json::json;

/// What a program gives, as text: of a refusal its words, else what went wrong.
fn run(variables: &[(&str, &str)], expression: &str) -> String {
    let variables = variables.iter().map(|(name, expression)| Variable {
        name: (*name).to_owned(),
        expression: (*expression).to_owned(),
    });
    let program = Program { variables: variables.collect(), expression: expression.to_owned() };
    let request =
        json!({ "a": 2, "l": ["x", "y"], "s": "text", "big": 18_446_744_073_709_551_615_u64 });
    let request = request.as_object().unwrap();
    let now = Timestamp::parse("2026-11-22T04:05:06.5Z").unwrap();
    let decided =
        program.check().and_then(|checked| checked.decide(&Inputs { request, now, csr: None }));
    match decided {
        Ok(decision) => format!("{decision:?}"),
        Err(problem) => problem.to_string(),
    }
}

#[track_caller]
fn gives(expression: &str, want: &str) {
    assert_eq!(run(&[], expression), want, "{expression}");
}

/// Each is true.
#[track_caller]
fn holds(expressions: &[&str]) {
    for expression in expressions {
        let got = run(&[], &format!("({expression}) ? 'yes' : 'no'"));
        assert_eq!(got, "yes", "{expression}");
    }
}

#[track_caller]
fn fails(expression: &str, want: &str) {
    let got = run(&[], expression);
    assert!(got.contains(want), "{expression}: {got}; wanted {want}");
}

#[test]
fn operators_do_what_cel_says() {
    holds(&[
        "1 + 2 * 3 - 4 / 2 % 3 == 5",
        "-7 / 2 == -3 && -7 % 3 == -1",
        "1.5 + 1.5 == 3.0 && 2u * 3u == 6u",
        "'a' + 'b' == 'ab' && b'a' + b'b' == b'ab' && [1] + [2] == [1, 2]",
        "dyn(1) == 1.0 && dyn(1u) == 1 && dyn(1) != 'a' && 2.5 > 2 && 1u < 2",
        "'a' < 'b' && false < true && b'a' <= b'b'",
        "!false && (true || request.none) && (request.none || true)",
        "!(false && request.none) && !(request.none && false)",
        "'x' in request.l && !('z' in request.l) && 'a' in request && 1 in {1: 2}",
        "[1, 2][1] == 2 && {'a': 1}['a'] == 1 && {'a': 1}.a == 1 && request.l[0] == 'x'",
        "has(request.a) && !has(request.b) && request.?b.orValue('d') == 'd'",
        "request.?a.hasValue() && request[?'l'][?7].orValue('d') == 'd'",
        "optional.of(1).value() == 1 && optional.none().or(optional.of(2)).value() == 2",
        "request.big == 18446744073709551615u",
        "{1: 'a'}[dyn(1u)] == 'a' && {'a': 1, 'b': [2]} == {'b': [2], 'a': 1}",
        "type(1) == int && type('a') == string && type(request.a) == int && type(null) == null_type",
    ]);
    fails("string(1 / 0)", "division by zero");
    fails("string(1 % 0)", "modulus by zero");
    fails("string(9223372036854775807 + 1)", "integer overflow");
    fails("string(-(-9223372036854775807 - 1))", "integer overflow");
    fails("string((-9223372036854775807 - 1) / -1)", "integer overflow");
    fails("string(0u - 1u)", "unsigned integer overflow");
    fails("[1][5] == 1 ? 'a' : 'b'", "index out of bounds: 5");
    fails("request.none", "no such key: none");
    fails("dyn(1) + 'a'", "no such overload");
    fails("request.s > 1 ? 'a' : 'b'", "no such overload");
    fails("request.none && true ? 'a' : 'b'", "no such key: none");
    fails("{'a': 1, 'a': 2}", "repeated key");
    fails("optional.none().value()", "optional.none() dereference");
}

#[test]
fn loops_do_what_cel_says() {
    holds(&[
        "[1, 2].all(x, x > 0) && ![1, 2].all(x, x > 1) && [].all(x, false)",
        "[1, 2].exists(x, x == 2) && ![].exists(x, true)",
        "[1, 2, 2].exists_one(x, x == 1) && ![2, 2].exists_one(x, x == 2)",
        "[1, 2, 3].filter(x, x > 1) == [2, 3] && [1, 2].map(x, x * 2) == [2, 4]",
        "[1, 2, 3].map(x, x > 1, x * 2) == [4, 6]",
        "{'b': 1, 'a': 2}.map(k, k) == ['a', 'b']",
        "[[1, 2], [3]].map(l, l.map(x, x + 1)) == [[2, 3], [4]]",
        // What goes wrong counts only if nothing else decides.
        "[request, {'none': true}].exists(x, x.none)",
        "![request, {'none': false}].all(x, x.none)",
        "[1].map(x, [2].map(x, x)[0] + x) == [3]",
    ]);
    fails("[request].exists(x, x.none) ? 'a' : 'b'", "no such key: none");
    fails("[1].all(1, true) ? 'a' : 'b'", "argument must be a simple name");
    fails("[1].map(x, x) == x ? 'a' : 'b'", "undeclared reference to 'x'");
}

#[test]
fn texts_numbers_and_lists_have_their_functions() {
    gives(
        "'hello'.charAt(1) + ['a', 'b'].join('-') + 'AbC'.lowerAscii() + 'a,b'.split(',')[1] + \
         'hello'.substring(1, 3) + ' x '.trim() + 'abab'.replace('b', 'x', 1) + 'abc'.reverse() + \
         strings.quote('a\"\\n') + string('abc'.indexOf('c')) + string('abab'.lastIndexOf('ab'))",
        "ea-babcbelxaxabcba\"a\\\"\\n\"22",
    );
    gives(
        "'%s %d %.2f %x %X %b %o %e %%'.format(['x', 1, 1.5, 255, 'k', true, 8, 1234.5])",
        "x 1 1.50 ff 6B 1 10 1.234500e3 %",
    );
    gives("'%s'.format([{'a': [1, null, 1.0]}])", "{a: [1, null, 1]}");
    holds(&[
        "'ab'.split('') == ['a', 'b'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'a'.split('x', 0) == []",
        "'héllo'.size() == 5 && 'héllo'.indexOf('l') == 2 && 'héllo'.substring(1, 2) == 'é'",
        "'abab'.indexOf('ab', 1) == 2 && 'abab'.lastIndexOf('ab', 1) == 0 && ''.indexOf('') == 0",
        "'a.b'.matches('^a[.]b$') && matches('a', 'a') && !'b'.matches('a')",
        "math.greatest(1, 3, 2) == 3 && math.least([3, 1]) == 1 && math.abs(-1) == 1",
        "math.ceil(1.2) == 2.0 && math.round(-1.5) == -2.0 && math.sign(-3) == -1 && math.sqrt(4.0) == 2.0",
        "math.bitOr(1, 4) == 5 && math.bitShiftLeft(1, 3) == 8 && math.bitShiftRight(-1, 64) == 0",
        "[1, 2, 3].slice(1, 3) == [2, 3] && [[1], [2, [3]]].flatten() == [1, 2, [3]]",
        "[3, 1, 2].sort() == [1, 2, 3] && [1, 1, 2].distinct() == [1, 2] && [1, 2].reverse() == [2, 1]",
        "lists.range(3) == [0, 1, 2] && [1].first().value() == 1 && ![].last().hasValue()",
        "sets.contains([1, 2], [2]) && sets.equivalent([1, 2], [2, 1]) && !sets.intersects([1], [2])",
        "base64.encode(b'a') == 'YQ==' && base64.decode('YQ==') == b'a'",
        "encode_json({'b': 1, 'a': [1.5, null]}) == '{\"a\":[1.5,null],\"b\":1}'",
        "decode_json('{\"a\": 2}').a == 2 && decode_json('{') == false && encode_json(now) == false",
        "check_valid_email('a@b.c') && check_valid_email('Ann <a@b>') && !check_valid_email('ab')",
        "type(decode_json('1')) == double && string(1234567.0) == '1.234567e+06'",
        "!check_valid_email('a b@c') && !check_valid_email('<a@b') && !check_valid_email('@b')",
    ]);
    fails("'%s'.format([])", "index out of range");
    fails("'%.999f'.format([1.0])", "precision must be 0 to 100");
    fails("'%d'.format(['x'])", "'%d' does not take string");
    fails("'abc'.substring(2, 1)", "invalid substring range");
    fails("'abc'.charAt(4)", "index out of range: 4");
    fails("'a'.matches('(') ? 'a' : 'b'", "invalid or too large regular expression");
}

#[test]
fn conversions_and_moments() {
    gives(
        "string(1) + string(2u) + string(1.5) + string(1e30) + string(1.0) + string(true) + \
         string(b'x') + string(duration('90m')) + string(duration('1500ms'))",
        "121.51e+301truex5400s1.5s",
    );
    gives("string(now)", "2026-11-22T04:05:06.5Z");
    gives("string(now - duration('1h') + duration('30m'))", "2026-11-22T03:35:06.5Z");
    holds(&[
        "int('12') == 12 && int(1.9) == 1 && uint(3) == 3u && double('1.5') == 1.5 && bool('true')",
        "now.getFullYear() == 2026 && now.getMonth() == 10 && now.getDate() == 22",
        "now.getDayOfMonth() == 21 && now.getDayOfWeek() == 0 && now.getDayOfYear() == 325",
        "now.getHours() == 4 && now.getMinutes() == 5 && now.getSeconds() == 6 && now.getMilliseconds() == 500",
        "duration('90m').getHours() == 1 && duration('90m').getMinutes() == 90",
        "timestamp('2026-01-01T00:00:00Z') < now && int(timestamp('1970-01-01T00:01:00Z')) == 60",
        "timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')",
        "now + duration('1h') - now == duration('1h')",
    ]);
    for (expression, want) in [
        ("string(int('x'))", "type conversion error from 'string' to 'int'"),
        ("string(uint(-1))", "unsigned integer overflow"),
        ("string(int(1e30))", "integer overflow"),
        (
            "string(duration('5d'))",
            "type conversion error from 'string' to 'google.protobuf.Duration'",
        ),
        ("string(timestamp('x'))", "invalid RFC 3339 timestamp \"x\""),
        ("string(timestamp(9223372036854775807))", "timestamp overflow"),
        ("string(timestamp('9999-12-31T23:59:59Z') + duration('1s'))", "timestamp overflow"),
        ("string(timestamp('0001-01-01T00:00:00Z') - duration('2000000h'))", "timestamp overflow"),
    ] {
        fails(expression, want);
    }
}

#[test]
fn what_cannot_be_right_is_refused_before_it_runs() {
    let cel = "error type-checking CEL MainProgram: ERROR: <input>:1:";
    for (expression, want) in [
        (
            "unknownvar",
            "1: undeclared reference to 'unknownvar' (in container 'openbao.pki')\n | unknownvar\n | ^",
        ),
        (
            "1 + 'a'",
            "3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + 'a'\n | ..^",
        ),
        ("CertTemplate{Foo: 1}", "17: undefined field 'Foo'"),
        (
            "PKIX.Name{CommonName: 1}",
            "21: expected type of field 'CommonName' is 'string' but provided type is 'int'",
        ),
        (
            "ValidationOutput{key_bits: 1}",
            "expected type of field 'key_bits' is 'uint' but provided type is 'int'",
        ),
        (
            "CertTemplate{Subject: 'x'}",
            "expected type of field 'Subject' is 'openbao.pki.PKIX.Name'",
        ),
        ("CertTemplate{NotAfter: 'x'}", "expected type of field 'NotAfter' is 'timestamp'"),
        ("CertTemplate{DNSNames: [1]}", "expected type of field 'DNSNames' is 'list(string)'"),
        ("PKIX.Name{}.Foo", "undefined field 'Foo'"),
        ("Foo{}", "undeclared reference to 'Foo'"),
        ("foo(1)", "undeclared reference to 'foo'"),
        ("'a'.foo()", "undeclared reference to 'foo'"),
        ("KeyUsage.Foo", "undeclared reference to 'KeyUsage'"),
        ("1 ? 1 : 2", "found no matching overload for '_?_:_' applied to '(int, int, int)'"),
        ("size(1)", "found no matching overload for 'size' applied to '(int)'"),
        ("'a' == 1", "found no matching overload for '_==_' applied to '(string, int)'"),
        ("1 in 'a'", "found no matching overload for '@in' applied to '(int, string)'"),
        (
            "request[1]",
            "found no matching overload for '_[_]' applied to '(map(string, dyn), int)'",
        ),
        ("now + 1", "found no matching overload for '_+_' applied to '(timestamp, int)'"),
        ("check_valid_email(1)", "found no matching overload for 'check_valid_email'"),
        ("[1].all(x, 1)", "expected type 'bool' but found 'int'"),
        ("true.all(x, true)", "cannot be range of a comprehension"),
        ("'a'.b", "does not support field selection"),
        ("1 || true", "found no matching overload for '_||_'"),
    ] {
        let got = run(&[], expression);
        let rest = got.strip_prefix(cel).unwrap_or_else(|| panic!("{expression}: {got}"));
        assert!(rest.contains(want), "{expression}: {got}; wanted {want}");
    }
    for (expression, want) in [
        (
            "1 &&",
            "invalid CEL syntax for main expression: ERROR: <input>:1:5: Syntax error: mismatched input '<EOF>'",
        ),
        ("has(request)", "invalid argument to has() macro"),
        ("'é' + é", "token recognition error"),
        ("[?request.a]", "optional entries are not supported"),
        ("PKIX.Name{CommonName: 'a', CommonName: 'b'}", "field 'CommonName' is set twice"),
    ] {
        fails(expression, want);
    }
    // What is only known when it runs.
    fails(
        "PKIX.Name{CommonName: request.a}",
        "field type conversion error for openbao.pki.PKIX.Name.CommonName: expected string, got int",
    );
    fails("CertTemplate{DNSNames: [request.a]}", "expected list(string), got list");
    gives("PKIX.Name{CommonName: 'x'}.CommonName + CertTemplate{}.Subject.CommonName", "x");
    holds(&["!has(PKIX.Name{}.Country) && has(PKIX.Name{Country: ['DE']}.Country)"]);
}

#[test]
fn programs_that_are_too_large_are_not_kept() {
    fails(&"1 + ".repeat(3_000), "expression is too long: 12000 octets, at most 8192");
    fails(
        &format!("[{}1].size() > 0", "1,".repeat(2_000)),
        "expression is too large: at most 2000 nodes",
    );
    for deep in [
        format!("{}1{}", "(".repeat(3_000), ")".repeat(3_000)),
        format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000)),
        format!("{}1", "1 + ".repeat(150)),
        format!("request{}", ".a".repeat(150)),
        format!("{}1", "true ? 1 : ".repeat(500)),
    ] {
        fails(&deep, "expression nests too deep: at most 100 levels");
    }
    let nested = |depth: usize| format!("{}true{}", "[1].all(x, ".repeat(depth), ")".repeat(depth));
    fails(&nested(5), "loops nest too deep: at most 4 levels");
    gives(&nested(4), "request denied");
    let many: Vec<(String, &str)> = (0..65).map(|n| (format!("v{n}"), "1")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert_eq!(run(&many, "'x'"), "cel_program is too large: 65 variables, at most 64");
    let long = format!("'{}'", "x".repeat(8_000));
    let large: Vec<(String, &str)> = (0..9).map(|n| (format!("v{n}"), long.as_str())).collect();
    let large: Vec<(&str, &str)> =
        large.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert!(run(&large, "'x'").starts_with("cel_program is too large: 72"));
}

#[test]
fn programs_that_would_not_end_are_stopped() {
    let doubling: Vec<(String, String)> =
        (0..40).map(|n| (format!("v{}", n + 1), format!("v{n} + v{n}"))).collect();
    let grown = |first: &'static str| {
        let mut all = vec![("v0", first)];
        all.extend(doubling.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        run(&all, "'done'")
    };
    let nested = |body: &str| {
        let range = "lists.range(1000)";
        format!("{range}.all(a, {range}.all(b, {range}.all(c, {range}.all(d, {body}))))")
    };
    let deeper: Vec<(String, String)> =
        (0..40).map(|n| (format!("v{}", n + 1), format!("[[v{n}]]"))).collect();
    let mut deep = vec![("v0", "[1]")];
    deep.extend(deeper.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let stops = |outcome: &dyn Fn() -> String, want: &str| {
        let got = outcome();
        assert!(got.contains(want), "{got}; wanted {want}");
    };
    stops(&|| grown("'xxxxxxxxxxxxxxxx'"), "text is too long");
    stops(&|| grown("[1, 2]"), "list is too long");
    stops(&|| run(&deep, "'done'"), "value nests too deep: at most 32 levels");
    stops(&|| run(&[], &nested("true")), "evaluation takes too long: at most 1000000 steps");
    // What is stopped stays stopped, whatever stands beside it.
    stops(&|| run(&[], &nested("request.none || true")), "evaluation takes too long");
    stops(&|| run(&[], &format!("{} || true", nested("true"))), "evaluation takes too long");
    stops(&|| run(&[], "lists.range(1000000000).size() > 0"), "list is too long");
    let long = ("s", "lists.range(9000).map(x, 'xxxxxxxxxxxxxxxx').join('')");
    for expression in [
        "s.replace('x', s)",
        "s.split('').join(s)",
        "lists.range(9000).map(x, s).join('')",
        "'%s%s%s'.format([s, s, s])",
        "encode_json(lists.range(9000).map(x, s))",
        "strings.quote(s + s)",
    ] {
        stops(&|| run(&[long], expression), "evaluating mainProgram: failed to evaluate");
        let got = run(&[long], expression);
        assert!(got.contains("is too long") || got.contains("takes too long"), "{got}");
    }
    stops(
        &|| run(&[long], "lists.range(9000).all(x, !s.matches('(x+x+)+y')) ? 'a' : 'b'"),
        "takes too long",
    );
    stops(
        &|| run(&[], "'x'.matches('(((x{99}){99}){99}){99}') ? 'a' : 'b'"),
        "too large regular expression",
    );
    stops(
        &|| {
            run(
                &[],
                "lists.range(9000).all(x, sets.contains(lists.range(9000), lists.range(9000))) ? 'a' : 'b'",
            )
        },
        "takes too long",
    );
    stops(&|| run(&[], "lists.range(9000).distinct().size() > 0 ? 'a' : 'b'"), "takes too long");
}

#[test]
fn an_expression_of_any_shape_is_read_or_refused() {
    // A walk through texts made of what expressions are made of: nothing may panic.
    let parts = [
        "a",
        ".",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'",
        "\"",
        "1",
        "u",
        "?",
        ":",
        ",",
        " ",
        "+",
        "-",
        "!",
        "&&",
        "||",
        "in",
        "has",
        "x.map(y,",
        "é",
        "\\",
        "\n",
        "r'",
        "b'",
        "'''",
        "//",
        "%",
        "CertTemplate",
        "null",
        "true",
        "0x",
        "1e",
        "`",
        "@",
        "\u{0}",
        ".?",
        "[?",
    ];
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..2_000 {
        let mut text = String::new();
        for _ in 0..(state % 12) + 1 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = usize::try_from(state % parts.len() as u64).unwrap();
            text += parts[at];
        }
        drop(run(&[("v", &text)], &text));
    }
}
