using System.Text;
using System.Text.Json.Nodes;
using Paws.Runner.Config;
using Paws.Runner.Reporting.Charts;
using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting;

/// <summary>The first thing a reader sees: accuracy beside the baseline, the gain, time and labels, then all figures of the result.</summary>
internal static class Headline
{
    public static string Render(RunReport report, MetricsLog log)
    {
        var words = ReportWords.Of(report.Result);
        double? top1 = Number(report.Result, "top1") ?? Last(log, words.Method),
            baseline = Number(report.Result, "baseline_top1") ?? Last(log, Phase.Baseline),
            finetuned = Number(report.Result, "top1_finetuned") ?? Last(log, words.Finetune),
            distilled = Number(report.Result, "top1_distilled"),
            seconds = Number(report.Result, "seconds"),
            labels = Number(report.Result, "labels");
        var html = new StringBuilder("<section id=\"headline\"><div class=\"cards\">");
        Tile(html, $"{words.Accuracy} top-1", Percent(top1), "lead");
        bool compares = words.Method != TrainMethod.Supervised;
        if (compares)
        {
            Tile(html, "Supervised only", baseline is null ? "not run" : Percent(baseline), baseline is null ? "none" : "");
        }
        if (top1 - baseline is double gain)
        {
            string sign = gain < 0 ? "−" : "+";
            Tile(html, "Gain", $"{sign}{Math.Abs(gain):0.0}<small> points</small>", gain > 0 ? "gain" : "");
        }
        if (seconds is double s)
        {
            Tile(html, "Time", Duration(s));
        }
        if (labels is double l)
        {
            Tile(html, "Labeled images", Count((long)l));
        }
        html.Append("</div><div class=\"card bars\">");
        Bar(html, words.Accuracy, top1, ReportCharts.MethodHue);
        if (words.IsPaws || finetuned is not null)
        {
            Bar(html, words.Finetuned, finetuned, ReportCharts.FinetuneHue);
        }
        if (distilled is not null)
        {
            Bar(html, "after distillation", distilled, ReportCharts.DistillationHue);
        }
        if (compares)
        {
            Bar(html, "supervised only", baseline, ReportCharts.BaselineHue);
        }
        html.Append("</div>");
        if (report.Figures.Count > 0)
        {
            html.Append("<dl class=\"card figures\">");
            foreach (var (name, value) in report.Figures)
            {
                html.Append($"<div><dt>{Escape(name)}</dt><dd>{Escape(value)}</dd></div>");
            }
            html.Append("</dl>");
        }
        return html.Append("</section>").ToString();
    }

    private static void Tile(StringBuilder html, string name, string value, string kind = "") =>
        html.Append($"<div class=\"card tile {kind}\"><span>{Escape(name)}</span><strong>{value}</strong></div>");

    private static void Bar(StringBuilder html, string name, double? value, int hue)
    {
        string fill = value is double v ? $"<i style=\"width:{Px(Math.Clamp(v, 0, 100))}%;background:{Theme.Hue(hue)}\"></i>" : "";
        string text = value is null ? "not run" : $"{value:0.00} %";
        html.Append($"<div class=\"bar\"><span>{Escape(name)}</span><div>{fill}</div><b>{text}</b></div>");
    }

    private static string Percent(double? value) => value is double v ? $"{v:0.0}<small> %</small>" : "not run";

    private static double? Last(MetricsLog log, string phase) => log.EvaluationsOf(phase) is [.., var last] ? last.Top1 : null;

    private static double? Number(JsonObject result, string key)
    {
        if (result[key] is not JsonValue value)
        {
            return null;
        }
        return value.TryGetValue(out double d) ? d
            : value.TryGetValue(out decimal m) ? (double)m
            : value.TryGetValue(out int i) ? i
            : value.TryGetValue(out long l) ? l
            : null;
    }
}
