namespace Paws.Runner.Config;

/// <summary>
/// Supports for the labels there are. A support mini-batch takes each image once, so that a preset's images a class may be more than a
/// class has; then it takes all there are, in more views, and has about as many rows as it was made for.
/// </summary>
internal static class SupportFit
{
    /// <summary>The configuration that the labels can serve, and what was changed in a sentence, or null.</summary>
    /// <param name="config">As loaded.</param>
    /// <param name="given">Keys that the user gave: those stay, and are refused where the labels do not serve them.</param>
    /// <param name="fewest">Labeled images of the class that has the fewest.</param>
    public static (PawsConfig Config, string? Note) Of(PawsConfig config, IReadOnlySet<string> given, int fewest)
    {
        var criterion = config.Criterion;
        var (images, views) = (criterion.SupervisedImgsPerClass, criterion.SupervisedViews);
        if (
            config.Method.Name is not (TrainMethod.Paws or TrainMethod.SimClrSuncet)
            || given.Contains("criterion.supervised_imgs_per_class")
            || fewest < 1
            || fewest >= images
        )
        {
            return (config, null);
        }
        int more = given.Contains("criterion.supervised_views")
            ? views
            : Math.Max(1, (int)Math.Round((double)images * views / fewest, MidpointRounding.AwayFromZero));
        return (
            config with
            {
                Criterion = criterion with { SupervisedImgsPerClass = fewest, SupervisedViews = more },
            },
            $"criterion.supervised_imgs_per_class = {fewest}, supervised_views = {more} (not {images} and {views}): a class has {fewest} labeled "
                + (fewest == 1 ? "image" : "images")
        );
    }
}
