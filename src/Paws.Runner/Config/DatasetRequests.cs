using Paws.Data.Datasets;

namespace Paws.Runner.Config;

/// <summary>From a configuration to the data set it asks for.</summary>
public static class DatasetRequests
{
    /// <summary>
    /// The request for <see cref="DatasetOpener"/>. The built-in images and a hold-out do not depend on the run's seed:
    /// runs with different seeds are trained and tested on the same images.
    /// </summary>
    public static DatasetRequest From(PawsConfig config) =>
        new()
        {
            Kind = DatasetRequest.ParseKind(config.Data.Dataset),
            Root = DataLocation.Directory(config),
            ShapesTrain = config.Data.ShapesTrain,
            ShapesTest = config.Data.ShapesTest,
            SkipBadImages = config.Data.SkipBadImages,
            ScaledDecode = config.Data.ScaledDecode,
        };
}
