using System.Globalization;

namespace Paws.Runner.Reporting.Charts;

/// <summary>A distribution over named classes as horizontal bars, 0 to 1.</summary>
internal static class DistributionBars
{
    /// <summary>Height of one class.</summary>
    public const double RowHeight = 13;

    private const double NameWidth = 76,
        NumberWidth = 28;
    private const int LongestName = 11;

    /// <summary>
    /// Draws the classes <paramref name="shown"/> of a distribution, top to bottom, in their colours; the largest of all is outlined.
    /// </summary>
    public static void Draw(
        SvgDrawing svg,
        Theme theme,
        double left,
        double top,
        double width,
        IReadOnlyList<string> classes,
        double[] distribution,
        int[] shown
    )
    {
        double bar = left + NameWidth,
            length = width - NameWidth - NumberWidth;
        int largest = Array.IndexOf(distribution, distribution.Max());
        for (int i = 0; i < shown.Length; i++)
        {
            int k = shown[i];
            double y = top + i * RowHeight;
            string small = $"fill:{(k == largest ? theme.Text : theme.Muted)};font-size:10.5px";
            svg.Text(bar - 6, y + 10, Short(classes[k]), small, "end");
            svg.Rect(bar, y + 2, length, RowHeight - 3, $"fill:{theme.Grid}", 1.5);
            if (distribution[k] > 0)
            {
                string edge = k == largest ? $";stroke:{theme.Text};stroke-width:1" : "";
                svg.Rect(
                    bar,
                    y + 2,
                    length * Math.Clamp(distribution[k], 0, 1),
                    RowHeight - 3,
                    $"fill:{Theme.Hue(k, classes.Count)}{edge}",
                    1.5
                );
            }
            svg.Text(bar + length + 5, y + 10, distribution[k].ToString(".00;-.00", CultureInfo.InvariantCulture), small);
        }
    }

    private static string Short(string name) => name.Length <= LongestName ? name : name[..(LongestName - 1)] + "…";
}
