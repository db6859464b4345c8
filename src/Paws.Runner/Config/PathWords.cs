namespace Paws.Runner.Config;

/// <summary>What is said of a path that names nothing. A shell hands over an empty word where a variable is unset.</summary>
internal static class PathWords
{
    /// <summary>The mistake of an empty word, after the name of what it was given for.</summary>
    public static string Empty(string what) => $"{what} is empty: write what it names, or leave it out; is a shell variable unset?";
}
