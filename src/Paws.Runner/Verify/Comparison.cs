namespace Paws.Runner.Verify;

/// <summary>What one case of a golden file came to.</summary>
/// <param name="File">Name of the golden file.</param>
/// <param name="Case">Name of the case, or its number.</param>
/// <param name="Error">
/// The largest relative error of all that was compared; for images, the largest mean difference in grey levels.
/// </param>
/// <param name="Bound">What it may be.</param>
/// <param name="What">The quantity in which it was found.</param>
/// <param name="Note">Why the bound is another than usual; null where it is the usual one.</param>
internal sealed record Comparison(string File, string Case, double Error, double Bound, string What, string? Note = null)
{
    /// <summary>Whether the error is within its bound; an error that is not a number is not.</summary>
    public bool Passed => Error <= Bound;
}
