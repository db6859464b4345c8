namespace Paws.Data.Datasets;

/// <summary>A folder of a data set that is not used.</summary>
/// <param name="Name">From the data set's root on, with forward slashes.</param>
/// <param name="Why">The reason, so that "it is not used: " goes before it.</param>
/// <param name="IsSplit">Whether its name says that it holds images to train or test on.</param>
public sealed record UnusedFolder(string Name, string Why, bool IsSplit)
{
    /// <summary>Whether it has class folders inside, as far as is known.</summary>
    internal bool HasClasses { get; init; } = true;
}
