using System.Globalization;
using System.Text.Json.Nodes;
using Paws.Runner.Reporting.Charts;
using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting.Figures;

/// <summary>
/// Figure 5 of the paper, the classifier π: how a prediction follows the similarity to labeled supports. As a page on which query and
/// supports can be moved, and as a map of the plane. Both come from the library's own classifier: the map directly, and the page's
/// script checks itself against predictions that the library made.
/// </summary>
public static class Figure5
{
    /// <summary>Most classes that the page offers.</summary>
    public const int MostClasses = 6;

    private const double Panel = 380,
        Unit = 138; // drawing units to the radius of the unit circle
    private const int Wedges = 360;

    /// <summary>
    /// The interactive page, one file without outside resources. Its line "checked against the library" holds the largest difference
    /// between its script and the library over the queries of <see cref="PlaneSample.Table"/>.
    /// </summary>
    public static string Page() =>
        Assets
            .Read("figure5.html")
            .Replace("/*style*/", Assets.Read("figure5.css"))
            .Replace("/*script*/", Assets.Read("figure5.js"))
            .Replace("/*data*/", Data());

    /// <summary>
    /// The plane as a map, predictions on the left and sharpened ones on the right: colour tells the class of the largest probability
    /// and strength how large it is. A direction has one prediction at all lengths, since embeddings are normalised.
    /// </summary>
    /// <param name="supports">The supports; at most 10 classes.</param>
    /// <param name="temperature">τ in (0, ∞).</param>
    /// <param name="sharpen">T in (0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">More classes than there are colours.</exception>
    public static string Map(PlaneSupports supports, double temperature = 0.1, double sharpen = 0.25)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(supports.Classes, Theme.HueCount);
        Theme theme = Theme.Paper;
        // Each wedge is judged at its middle.
        double[] angles = [.. Enumerable.Range(0, Wedges).Select(i => (i + 0.5) * 2 * Math.PI / Wedges)];
        double[][] predicted = supports.Predict(temperature, [.. angles.Select(a => (Math.Cos(a), Math.Sin(a)))]);
        double height = Panel + 96;
        var svg = new SvgDrawing(2 * Panel, height, theme, "Figure 5: predictions over the plane");
        svg.Text(20, 28, "Which class a direction gets from its labeled neighbours", $"fill:{theme.Text};font-size:15px;font-weight:600");
        Disc(svg, theme, 0, $"π, τ = {Short(temperature)}", supports, predicted);
        Disc(svg, theme, Panel, $"sharpened, T = {Short(sharpen)}", supports, PlaneSupports.Sharpen(sharpen, predicted));
        string note = "Colour: the most probable class, white at 1/K, full at 1. Letters: supports and their classes.";
        svg.Text(Panel, height - 16, note, $"fill:{theme.Muted};font-size:11px", "middle");
        return svg.Close();
    }

    private static void Disc(SvgDrawing svg, Theme theme, double left, string title, PlaneSupports supports, double[][] predicted)
    {
        double cx = left + Panel / 2,
            cy = 62 + Panel / 2,
            edge = 1.26 * Unit;
        string At(double angle) => $"{Px(cx + edge * Math.Cos(angle))},{Px(cy - edge * Math.Sin(angle))}";
        svg.Text(cx, 58, title, $"fill:{theme.Text};font-weight:600", "middle");
        for (int i = 0; i < predicted.Length; i++)
        {
            double most = predicted[i].Max(),
                none = 1.0 / supports.Classes;
            double strength = supports.Classes == 1 ? 1 : (most - none) / (1 - none);
            string color = Theme.Hue(Array.IndexOf(predicted[i], most), supports.Classes);
            // A little into the next wedge, or the edges of both would let the ground through.
            double from = i * 2 * Math.PI / Wedges,
                to = (i + 1.4) * 2 * Math.PI / Wedges;
            svg.Raw($"<polygon points=\"{Px(cx)},{Px(cy)} {At(from)} {At(to)}\" style=\"fill:{OnWhite(color, 0.82 * strength)}\"/>");
        }
        svg.Circle(cx, cy, Unit, $"fill:none;stroke:{theme.Text};stroke-width:1;stroke-dasharray:4 4");
        svg.Circle(cx, cy, 2, $"fill:{theme.Text}");
        for (int i = 0; i < supports.Points.Count; i++)
        {
            double x = cx + Unit * supports.Points[i].X,
                y = cy - Unit * supports.Points[i].Y;
            svg.Circle(x, y, 9, $"fill:{theme.Surface};stroke:{Theme.Hue(supports.Labels[i], supports.Classes)};stroke-width:2.5");
            svg.Text(
                x,
                y + 4,
                ((char)('A' + supports.Labels[i])).ToString(),
                $"fill:{theme.Text};font-size:11px;font-weight:600",
                "middle"
            );
        }
    }

    // So much of a colour, the rest white: by a number and not by opacity, which would add up where wedges overlap.
    private static string OnWhite(string color, double share)
    {
        int Part(int from)
        {
            int value = Convert.ToInt32(color.Substring(from, 2), 16);
            return (int)Math.Round(255 - (255 - value) * share);
        }
        return $"#{Part(1):x2}{Part(3):x2}{Part(5):x2}";
    }

    // Everything that the page's script is given: colours, supports to begin with, and the table it is checked against.
    private static string Data()
    {
        static JsonArray Numbers(IEnumerable<double> values) => [.. values.Select(v => (JsonNode)v)];
        static JsonArray Supports(PlaneSupports s) =>
            [.. s.Points.Select((p, i) => (JsonNode)new JsonArray((JsonNode)p.X, (JsonNode)p.Y, (JsonNode)s.Labels[i]))];
        var samples = PlaneSample
            .Table()
            .Select(s =>
                (JsonNode)
                    new JsonObject
                    {
                        ["tau"] = s.Temperature,
                        ["sharpen"] = s.Sharpen,
                        ["classes"] = s.Supports.Classes,
                        ["supports"] = Supports(s.Supports),
                        ["query"] = Numbers([s.Query.X, s.Query.Y]),
                        ["prediction"] = Numbers(s.Prediction),
                        ["sharpened"] = Numbers(s.Sharpened),
                    }
            );
        var data = new JsonObject
        {
            ["colors"] = new JsonArray([.. Enumerable.Range(0, MostClasses).Select(k => (JsonNode)Theme.Hue(k))]),
            ["begin"] = new JsonArray([.. Enumerable.Range(2, MostClasses - 1).Select(k => (JsonNode)Supports(PlaneSupports.Around(k)))]),
            ["samples"] = new JsonArray([.. samples]),
        };
        return data.ToJsonString();
    }

    private static string Short(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
