namespace Paws.Data.Datasets.Shapes;

/// <summary>
/// How hard the drawn images are. Lengths are in pixels of the 32-pixel edge, brightness differences in [0, 255], the rest are shares
/// or probabilities. Ranges are (least, most), drawn uniformly.
/// The defaults vary widely what overlapping crops of many images connect (scale, aspect) and what colour jitter destroys (colour,
/// brightness), and keep faint what all crops of one image share without its being the class (background, texture, occluders):
/// consistency alone is satisfied by grouping images by those, and in a first run of two minutes PAWS does not get past that.
/// </summary>
public sealed record ShapesOptions
{
    /// <summary>Radius of the circle about the object.</summary>
    public (float Least, float Most) Radius { get; init; } = (5f, 14f);

    /// <summary>How far the object's centre may lie from the image's, as a share of the room left beside the object.</summary>
    public float Shift { get; init; } = 1f;

    /// <summary>Largest rotation to either side, as the tangent of half the angle (0.2 is about 23°).</summary>
    public float Tilt { get; init; } = 0.2f;

    /// <summary>Width of the object relative to its height.</summary>
    public (float Least, float Most) Aspect { get; init; } = (0.6f, 1.6f);

    /// <summary>Difference in brightness between the object and what lies beneath it.</summary>
    public (float Least, float Most) Contrast { get; init; } = (90f, 120f);

    /// <summary>Probability that the object is filled with stripes or a checker instead of a plain colour.</summary>
    public float Texture { get; init; } = 0f;

    /// <summary>Depth of that texture as a share of the object's contrast.</summary>
    public float TextureDepth { get; init; } = 0.5f;

    /// <summary>Strength of the background's gradient, noise and stripes.</summary>
    public float Clutter { get; init; } = 2f;

    /// <summary>Number of strokes, blobs and splinters behind the object.</summary>
    public (int Least, int Most) Distractors { get; init; } = (0, 0);

    /// <summary>Difference in brightness between a distractor and the background.</summary>
    public (float Least, float Most) DistractorContrast { get; init; } = (20f, 70f);

    /// <summary>Probability that a stroke crosses the object.</summary>
    public float Occlusion { get; init; } = 0f;

    /// <summary>Width of that stroke.</summary>
    public (float Least, float Most) OccluderWidth { get; init; } = (1.5f, 3.5f);

    /// <summary>Largest amplitude of the noise of single pixels.</summary>
    public float Noise { get; init; } = 3f;

    /// <summary>Contrast of the whole image is multiplied by a factor from this range.</summary>
    public (float Least, float Most) ImageContrast { get; init; } = (0.6f, 1.1f);

    /// <summary>Brightness of the whole image is shifted by up to this much to either side.</summary>
    public float Brightness { get; init; } = 30f;
}
