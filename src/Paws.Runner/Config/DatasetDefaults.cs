namespace Paws.Runner.Config;

/// <summary>
/// View settings that follow from the data set. The published code keeps them in code and not in its files; here they are keys
/// of section views, filled in where they are null.
/// </summary>
public static class DatasetDefaults
{
    /// <summary>The set that is drawn by the program and read from no folder.</summary>
    public const string BuiltIn = "shapes";

    /// <summary>Names that data.dataset takes; the two fine-tuning names are the published files' own.</summary>
    public static IReadOnlyList<string> Names { get; } =
    ["shapes", "cifar10", "cifar10_fine_tune", "imagenet", "imagenet_fine_tune", "folder"];

    /// <summary>Small images: CIFAR-10's published settings.</summary>
    private static readonly ViewDefaults Cifar10 = new(
        LargeSize: 32,
        SmallSize: 18,
        LargeScale: [0.75, 1],
        LargeScaleAlone: [0.5, 1],
        SmallScale: [0.3, 0.75],
        Grayscale: 0,
        Blur: 0,
        Solarize: 0.2,
        Equalize: 0.2,
        Mean: [0.4914, 0.4822, 0.4465],
        Std: [0.2023, 0.1994, 0.2010]
    );

    /// <summary>Photographs: ImageNet's published settings.</summary>
    private static readonly ViewDefaults ImageNet = new(
        LargeSize: 224,
        SmallSize: 96,
        LargeScale: [0.14, 1],
        LargeScaleAlone: [0.08, 1],
        SmallScale: [0.05, 0.14],
        Grayscale: 0.2,
        Blur: 0.5,
        Solarize: 0,
        Equalize: 0,
        Mean: [0.485, 0.456, 0.406],
        Std: [0.229, 0.224, 0.225]
    );

    /// <summary>
    /// The built-in set: small images with colours spread over the whole range. What survives CIFAR-10's jitter of colours there is
    /// colour enough to tell images apart by, and their shapes are then not looked at; without most of it, they are. Solarizing and
    /// equalising invert and flatten the drawn backgrounds more than they vary the objects.
    /// </summary>
    private static readonly ViewDefaults Shapes = Cifar10 with
    {
        Grayscale = 0.8,
        Solarize = 0,
        Equalize = 0,
        Mean = [0.5, 0.5, 0.5],
        Std = [0.25, 0.25, 0.25],
    };

    /// <summary>The data set without the published files' suffix for fine-tuning.</summary>
    public static string BaseName(string dataset) =>
        dataset.EndsWith("_fine_tune", StringComparison.Ordinal) ? dataset[..^"_fine_tune".Length] : dataset;

    /// <summary>Number of classes where the data set's name fixes it, else data.num_classes, else null.</summary>
    public static int? Classes(PawsConfig config) =>
        BaseName(config.Data.Dataset) switch
        {
            "shapes" or "cifar10" => 10,
            "imagenet" => config.Data.NumClasses ?? 1000,
            _ => config.Data.NumClasses,
        };

    /// <summary>
    /// The same configuration with every null of section views filled in from the data set, and from whether the method sees small
    /// views too.
    /// </summary>
    public static PawsConfig Resolve(PawsConfig config)
    {
        var alone = config.Data.Multicrop == 0 || TrainMethod.HasLargeViewsAlone(config.Method.Name);
        var defaults = For(config);
        var views = config.Views;
        return config with
        {
            Views = views with
            {
                LargeSize = views.LargeSize ?? defaults.LargeSize,
                SmallSize = views.SmallSize ?? defaults.SmallSize,
                TestSize = views.TestSize ?? views.LargeSize ?? defaults.LargeSize,
                LargeScale = views.LargeScale ?? (alone ? defaults.LargeScaleAlone : defaults.LargeScale),
                SmallScale = views.SmallScale ?? defaults.SmallScale,
                Grayscale = views.Grayscale ?? defaults.Grayscale,
                Blur = views.Blur ?? defaults.Blur,
                Solarize = views.Solarize ?? defaults.Solarize,
                Equalize = views.Equalize ?? defaults.Equalize,
                Mean = views.Mean ?? defaults.Mean,
                Std = views.Std ?? defaults.Std,
            },
        };
    }

    private static ViewDefaults For(PawsConfig config) =>
        BaseName(config.Data.Dataset) switch
        {
            "shapes" => Shapes,
            "cifar10" => Cifar10,
            "imagenet" => ImageNet,
            // A folder does not say how large its images are, but the encoder does: a WideResNet and the small ResNet-18 keep
            // the full resolution in their first layers, the other ResNets divide it by four at once.
            _ => config.Meta.ModelName.StartsWith("wide_resnet", StringComparison.Ordinal) || config.Meta.ModelName == "resnet18_small"
                ? Cifar10
                : ImageNet,
        };

    private sealed record ViewDefaults(
        int LargeSize,
        int SmallSize,
        double[] LargeScale,
        double[] LargeScaleAlone,
        double[] SmallScale,
        double Grayscale,
        double Blur,
        double Solarize,
        double Equalize,
        double[] Mean,
        double[] Std
    );
}
