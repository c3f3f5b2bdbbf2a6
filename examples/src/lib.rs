//! Examples of embedding; see the files in `examples/`.
