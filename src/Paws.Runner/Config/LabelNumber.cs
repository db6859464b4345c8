using System.Globalization;

namespace Paws.Runner.Config;

/// <summary>How many training images are labeled, in all: a number, or the word <c>all</c>.</summary>
internal static class LabelNumber
{
    /// <summary>Every training image with a class is labeled.</summary>
    public const string All = "all";

    /// <summary>Whether it is one.</summary>
    public static bool IsValid(string text) => text == All || Parse(text) is not null;

    /// <summary>The number, at least 1; null for the word.</summary>
    public static int? Parse(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 ? number : null;
}
