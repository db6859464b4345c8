using System.Globalization;
using Paws.Runner.Reporting.Charts;

namespace Paws.Runner.Reporting.Figures;

/// <summary>
/// Figure 2 of the paper, the method's diagram, drawn from a step that was really computed: two views of an unlabeled image and the
/// support mini-batch go through the encoder; soft nearest neighbours predict classes; each view's target is the other's sharpened
/// prediction.
/// </summary>
public static class Figure2
{
    private const int MostClasses = 10,
        MostLabelRows = 20;

    // Columns: pixels, encoder, classifier, predictions, targets. Rows: view 1, view 2, supports and the whole batch.
    private const double Width = 1120,
        Height = 640,
        ViewSide = 104,
        Encoder = 268,
        Classifier = 446,
        Predictions = 600,
        Targets = 880,
        BarsWidth = 220;
    private static readonly double[] Rows = [70, 266, 462];

    /// <summary>The diagram as a file of its own, pictures inside.</summary>
    public static string Draw(StepPicture step)
    {
        Theme theme = Theme.Paper;
        var svg = new SvgDrawing(Width, Height, theme, "Figure 2: one step of PAWS with its real numbers");
        svg.Text(20, 28, "One step of PAWS, with its real numbers", $"fill:{theme.Text};font-size:15px;font-weight:600");
        int[] shown = Shown(step);
        View(svg, theme, step, step.First, 0, "view 1", "p", "ρ(p⁺)", step.Prediction, step.Target, step.EntropyOfFirst, shown);
        View(
            svg,
            theme,
            step,
            step.Second,
            1,
            "view 2",
            "p⁺",
            "ρ(p)",
            step.SecondPrediction,
            step.SecondTarget,
            step.EntropyOfSecond,
            shown
        );
        // The targets change places.
        double from = Predictions + BarsWidth + 6,
            to = Targets - 8;
        svg.Arrow(from, Middle(0), to, Middle(1), theme.Muted).Arrow(from, Middle(1), to, Middle(0), theme.Muted);
        Supports(svg, theme, step);
        Batch(svg, theme, step, shown);
        return svg.Close();
    }

    private static void View(
        SvgDrawing svg,
        Theme theme,
        StepPicture step,
        ViewPicture picture,
        int row,
        string name,
        string prediction,
        string target,
        double[] p,
        double[] towards,
        double entropy,
        int[] shown
    )
    {
        double top = Rows[row],
            middle = Middle(row);
        Head(svg, theme, 20, top, name, row == 0 ? "of one unlabeled image" : "of the same image");
        svg.Image(20, middle - ViewSide / 2, ViewSide, picture);
        svg.Text(20, middle + ViewSide / 2 + 15, $"one of n = {step.Images}, {picture.Size} × {picture.Size}", Quiet(theme));
        svg.Arrow(20 + ViewSide + 8, middle, Encoder - 6, middle, theme.Muted);
        Box(svg, theme, Encoder, middle - 32, 118, 64, "encoder f", step.Encoder);
        svg.Arrow(Encoder + 124, middle, Classifier - 6, middle, theme.Muted);
        svg.Text(Encoder + 59, middle + 52, $"z: {step.Images} × {step.Width}", Quiet(theme), "middle");
        Box(svg, theme, Classifier, middle - 32, 96, 64, "π(z | S)", $"τ = {Setting(step.Temperature)}");
        svg.Arrow(Classifier + 102, middle, Predictions - 6, middle, theme.Muted);
        Head(svg, theme, Predictions, top, prediction, $"prediction for {name}");
        double bars = middle - DistributionBars.RowHeight * shown.Length / 2;
        DistributionBars.Draw(svg, theme, Predictions, bars, BarsWidth, step.Classes, p, shown);
        Head(svg, theme, Targets, top, target, $"target of {name}, T = {Setting(step.Sharpen)}");
        DistributionBars.Draw(svg, theme, Targets, bars, BarsWidth, step.Classes, towards, shown);
        string sum = $"H({target}, {prediction}) = {Number(entropy)} nats";
        svg.Text(Targets, bars + DistributionBars.RowHeight * shown.Length + 18, sum, $"fill:{theme.Text};font-weight:600");
    }

    private static void Supports(SvgDrawing svg, Theme theme, StepPicture step)
    {
        double top = Rows[2];
        int columns = step.Supports.Select(r => r.Count).DefaultIfEmpty(1).Max();
        int rows = Math.Max(step.Supports.Count, 1);
        double side = Math.Min(22, Math.Min(220.0 / columns, 92.0 / rows));
        Head(svg, theme, 20, top, "support S", "labeled images, a class a column");
        for (int r = 0; r < step.Supports.Count; r++)
        {
            for (int c = 0; c < step.Supports[r].Count; c++)
            {
                svg.Image(20 + c * side, top + 22 + r * side, side - 1, step.Supports[r][c]);
            }
        }
        double below = top + 22 + rows * side;
        for (int c = 0; c < columns; c++)
        {
            svg.Rect(20 + c * side, below + 1, side - 1, 4, $"fill:{Theme.Hue(c, step.Classes.Count)}");
        }
        svg.Text(20, below + 20, $"{rows * columns} of s = {step.SupportRows} rows, {columns} of K = {step.Classes.Count}", Quiet(theme));
        double middle = top + 66;
        svg.Arrow(20 + columns * side + 6, middle, Encoder - 6, middle, theme.Muted);
        Box(svg, theme, Encoder, middle - 32, 118, 64, "encoder f", "the same");
        svg.Text(Encoder + 59, middle + 52, $"{step.SupportRows} × {step.Width}", Quiet(theme), "middle");
        svg.Arrow(Encoder + 124, middle, Classifier + 10, middle, theme.Muted);
        // Both classifiers read the supports.
        double line = Classifier + 48;
        svg.Arrow(line, top + 10, line, Middle(1) + 38, theme.Muted).Arrow(line, Middle(1) - 38, line, Middle(0) + 38, theme.Muted);
        LabelMatrix(svg, theme, step, Classifier + 14, top + 30);
    }

    private static void LabelMatrix(SvgDrawing svg, Theme theme, StepPicture step, double left, double top)
    {
        int rows = Math.Min(step.Labels.Length, MostLabelRows),
            columns = Math.Min(step.Classes.Count, MostClasses);
        double cell = Math.Min(68.0 / columns, 100.0 / rows);
        svg.Text(left, top - 8, "labels Y", $"fill:{theme.Text};font-weight:600");
        for (int r = 0; r < rows; r++)
        {
            for (int k = 0; k < columns; k++)
            {
                string shade = step.Labels[r][k].ToString("0.###", CultureInfo.InvariantCulture);
                svg.Rect(
                    left + k * cell,
                    top + r * cell,
                    cell,
                    cell,
                    $"fill:{theme.Text};fill-opacity:{shade};stroke:{theme.Grid};stroke-width:.5"
                );
            }
        }
        double on = step.Labels[0].Max(),
            off = step.Labels[0].Take(columns).Min();
        double below = top + rows * cell + 15;
        svg.Text(left, below, $"{step.SupportRows} × {step.Classes.Count}", Quiet(theme));
        svg.Text(left, below + 15, $"{Number(on)} on, {Number(off)} off", Quiet(theme));
    }

    private static void Batch(SvgDrawing svg, Theme theme, StepPicture step, int[] shown)
    {
        double top = Rows[2];
        Head(svg, theme, Predictions, top, "p̄", "mean of ρ over all views");
        DistributionBars.Draw(svg, theme, Predictions, top + 16, BarsWidth, step.Classes, step.MeanPrediction, shown);
        int views = 2 + step.SmallViews;
        Head(svg, theme, Targets, top, "the batch", $"{step.Images} images × {views} views");
        (string Name, double Value)[] lines =
        [
            ("mean cross-entropy", step.CrossEntropy),
            ("ME-Max, −H(p̄)", step.MeMax),
            ("loss, their sum", step.CrossEntropy + step.MeMax),
        ];
        for (int i = 0; i < lines.Length; i++)
        {
            double y = top + 36 + 22 * i;
            string style = $"fill:{theme.Text}{(i == 2 ? ";font-weight:600" : "")}";
            svg.Text(Targets, y, lines[i].Name, style);
            svg.Text(Width - 20, y, Number(lines[i].Value), style, "end");
        }
        svg.Line(Targets, top + 64, Width - 20, top + 64, $"stroke:{theme.Muted}");
        string targets = step.PredictionHead ? "Targets: before prediction head;" : "Targets are constants:";
        svg.Text(Targets, top + 106, targets, Quiet(theme));
        svg.Text(Targets, top + 122, "no gradient passes through them.", Quiet(theme));
    }

    // All classes where they are few; else those that the two predictions favour, in their own order.
    private static int[] Shown(StepPicture step) =>
        [
            .. Enumerable
                .Range(0, step.Classes.Count)
                .OrderByDescending(k => step.Prediction[k] + step.SecondPrediction[k])
                .Take(MostClasses)
                .Order(),
        ];

    private static double Middle(int row) => Rows[row] + 84;

    private static void Head(SvgDrawing svg, Theme theme, double x, double y, string name, string rest)
    {
        svg.Text(x, y, name, $"fill:{theme.Text};font-size:13px;font-weight:600");
        svg.Text(x + Legend.TextWidth(name, 13) + 10, y, rest, Quiet(theme));
    }

    private static void Box(SvgDrawing svg, Theme theme, double x, double y, double width, double height, string name, string rest)
    {
        svg.Rect(x, y, width, height, $"fill:{theme.Surface};stroke:{theme.Text};stroke-width:1.4", 8);
        svg.Text(x + width / 2, y + height / 2 - 4, name, $"fill:{theme.Text};font-size:13px;font-weight:600", "middle");
        svg.Text(x + width / 2, y + height / 2 + 14, rest, $"{Quiet(theme)};font-size:10.5px", "middle");
    }

    private static string Quiet(Theme theme) => $"fill:{theme.Muted}";

    private static string Setting(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture).Replace('-', '−');
}
