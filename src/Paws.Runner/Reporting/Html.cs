using System.Globalization;
using System.Net;
using System.Xml;

namespace Paws.Runner.Reporting;

/// <summary>Text and numbers as HTML and SVG take them.</summary>
internal static class Html
{
    /// <summary>Safe between tags and inside quoted attributes; characters XML does not allow are dropped.</summary>
    public static string Escape(string text) => WebUtility.HtmlEncode(string.Concat(text.EnumerateRunes().Where(IsAllowed)));

    /// <summary>A coordinate: two decimals at most, a point whatever the culture.</summary>
    public static string Px(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A number of a data attribute: six significant digits.</summary>
    public static string Json(double value) => double.IsFinite(value) ? value.ToString("G6", CultureInfo.InvariantCulture) : "null";

    /// <summary>A duration a person reads: "42 s", "3 min 05 s", "1 h 12 min".</summary>
    public static string Duration(double seconds)
    {
        long s = (long)Math.Round(Math.Max(seconds, 0));
        return s < 60 ? $"{s} s"
            : s < 3600 ? $"{s / 60} min {s % 60:00} s"
            : $"{s / 3600} h {s % 3600 / 60:00} min";
    }

    /// <summary>A count with thin spaces between thousands.</summary>
    public static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202f');

    private static bool IsAllowed(System.Text.Rune rune) => rune.Value > 0xFFFF || XmlConvert.IsXmlChar((char)rune.Value);
}
