//! A picture of what grows with the number of certificates.

use anyhow::{Context as _, Result};
use plotters::coord::Shift;
use plotters::prelude::*;

use super::curves::{Curve, Who};
use super::report::in_words;

const SIZE: (u32, u32) = (760, 440);
const FONT: &str = "sans-serif";
const GREY: RGBColor = RGBColor(75, 85, 99);
const FAINT: RGBColor = RGBColor(229, 231, 235);

/// Draws curves on two logarithmic axes, as SVG.
pub(super) fn draw(title: &str, curves: &[&Curve]) -> Result<String> {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    plot(&area, title, curves)?;
    area.present()?;
    drop(area);
    Ok(svg)
}

fn plot(area: &DrawingArea<SVGBackend<'_>, Shift>, title: &str, curves: &[&Curve]) -> Result<()> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let across = decades(points().map(|point| point.0 as f64)).context("nothing to draw")?;
    let (low, high) = decades(points().map(|point| point.1)).context("nothing to draw")?;
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 20).into_font().color(&BLACK))
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(76)
        .build_cartesian_2d(
            (across.0 * 0.8..across.1 * 1.25).log_scale(),
            // The legend lies above the curves.
            (low * 0.9..high * 10.0).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc("certificates in the store, half of them revoked")
        .y_desc("time on a clock")
        .x_label_formatter(&|size| {
            format!("{size:.0}").parse().map_or_else(|_| String::new(), in_words)
        })
        .y_label_formatter(&|seconds| duration(*seconds))
        .label_style((FONT, 13).into_font().color(&GREY))
        .axis_desc_style((FONT, 14).into_font().color(&GREY))
        .axis_style(GREY)
        .bold_line_style(FAINT)
        .light_line_style(TRANSPARENT)
        .draw()?;
    for curve in curves {
        let (colour, width) = style(curve.who);
        let points = || curve.points.iter().map(|(size, seconds)| (*size as f64, *seconds));
        chart
            .draw_series(LineSeries::new(points(), colour.stroke_width(width)))?
            .label(curve.who.name())
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 22, y)], colour.stroke_width(width))
            });
        chart.draw_series(points().map(|point| Circle::new(point, 4, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .legend_area_size(30)
        .margin(8)
        .label_font((FONT, 13).into_font().color(&GREY))
        .background_style(WHITE)
        .draw()?;
    Ok(())
}

fn style(who: Who) -> (RGBColor, u32) {
    match who {
        Who::Ours => (RGBColor(29, 78, 216), 3),
        Who::Engine => (RGBColor(96, 165, 250), 2),
        Who::Openssl => (RGBColor(194, 65, 12), 2),
        Who::Bao => (RGBColor(13, 118, 110), 2),
        Who::Cfssl => (RGBColor(147, 51, 234), 2),
    }
}

/// The powers of ten around values.
fn decades(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let logarithms: Vec<f64> = values.map(f64::log10).collect();
    let low = logarithms.iter().copied().reduce(f64::min)?;
    let high = logarithms.iter().copied().reduce(f64::max)?;
    // A thousand has a logarithm that is a little less than three.
    let (low, high) = ((low + 1e-9).floor(), (high - 1e-9).ceil());
    Some((10_f64.powf(low), 10_f64.powf(high.max(low + 1.0))))
}

/// A power of ten of seconds: `1 ms`, `10 s`.
fn duration(seconds: f64) -> String {
    match seconds {
        ..1e-3 => format!("{:.0} µs", seconds * 1e6),
        ..1.0 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.0} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_powers_of_ten() {
        let near = |found: Option<(f64, f64)>, low: f64, high: f64| {
            let (a, b) = found.unwrap();
            assert!((a / low - 1.0).abs() < 1e-6 && (b / high - 1.0).abs() < 1e-6, "{a} {b}");
        };
        near(decades([1e3, 1e6].into_iter()), 1e3, 1e6);
        near(decades([0.004, 0.12].into_iter()), 1e-3, 1.0);
        near(decades([0.004].into_iter()), 1e-3, 1e-2);
        assert_eq!(decades([].into_iter()), None);
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(
            [1e-5, 1e-3, 0.1, 1.0, 10.0].map(duration),
            ["10 µs", "1 ms", "100 ms", "1 s", "10 s"]
        );
    }
}
