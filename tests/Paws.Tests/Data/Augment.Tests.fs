module Paws.Tests.Data.AugmentTests

open System
open System.Text.Json
open System.Text.Json.Nodes
open Expecto
open Paws.Data.Augment
open Paws.Data.Datasets
open Paws.Data.Loading
open Paws.Tests

/// An image of the golden file: [row][column][channel].
let private golden (node: JsonNode) =
    let rows = node.Deserialize<int[][][]>()
    let bytes = rows |> Array.collect (Array.collect (Array.map byte))
    RgbImage(ReadOnlyMemory bytes, rows[0].Length, rows.Length)

let private file = lazy Golden.file "augment.json"

let private planes (image: RgbImage) =
    let planes = Planes()
    planes.FromInterleaved(image.Pixels.Span, image.Width, image.Height)
    planes

let private coloured (image: RgbImage) (apply: Planes -> unit) =
    let planes = planes image
    apply planes
    planes.ToInterleaved()

let private resized (image: RgbImage) box size flip =
    let target = Planes()
    Resize.Apply(image, box, size, flip, target, ResizeScratch())
    target.ToInterleaved()

let private centre size shorter =
    ViewRecipe(Size = size, RandomCrop = false, ResizeShorter = shorter)

let private run (image: RgbImage) operation (parameters: JsonNode) =
    let number (name: string) = Golden.number parameters[name]
    let whole (name: string) = int (number name)

    match operation with
    | "brightness" -> coloured image (fun p -> Brightness.Apply(p, float32 (number "factor")))
    | "contrast" -> coloured image (fun p -> Contrast.Apply(p, float32 (number "factor")))
    | "saturation" -> coloured image (fun p -> Saturation.Apply(p, float32 (number "factor")))
    | "hue" -> coloured image (fun p -> Hue.Apply(p, number "shift"))
    | "solarize" -> coloured image (fun p -> Solarize.Apply(p, number "threshold"))
    | "equalize" -> coloured image Equalize.Apply
    | "grayscale" -> coloured image Grayscale.Apply
    | "gaussian_blur" -> coloured image (fun p -> GaussianBlur.Apply(p, float32 (number "radius"), BlurScratch()))
    | "hflip" -> // an image resized to its own size and mirrored on the way; the kept part is square
        let edge = min image.Width image.Height
        resized image (CropBox(image.Width - edge, 0, edge, edge, edge, edge, 0, 0)) edge true
    | "resized_crop" ->
        let size = whole "size"

        let box =
            CropBox(whole "left", whole "top", whole "width", whole "height", size, size, 0, 0)

        resized image box size false
    | "resize_shorter_then_center_crop" ->
        let recipe = centre (whole "crop") (whole "resize")
        resized image (CropBox.Centre(image.Width, image.Height, recipe)) recipe.Size false
    | other -> failtest $"unknown operation {other}"

/// The expected part: all of it, but for the mirrored square.
let private expectedOf operation (expected: RgbImage) =
    let pixels = expected.Pixels.ToArray()

    if operation = "hflip" then
        let edge = min expected.Width expected.Height

        Array.init (3 * edge * edge) (fun i ->
            let y, rest = i / (3 * edge), i % (3 * edge)
            pixels[y * 3 * expected.Width + rest])
    else
        pixels

[<Tests>]
let tests =
    testList "Data.Augment" [
        test "every golden operation, byte for byte" {
            let images = file.Value["images"].AsArray() |> Seq.map golden |> Seq.toArray
            let cases = file.Value["cases"].AsArray()
            Expect.isGreaterThan cases.Count 30 "cases"

            for case in cases do
                let operation = case["op"].GetValue<string>()
                let expected = expectedOf operation (golden case["expected"])
                let actual = run images[case["image"].GetValue<int>()] operation case["params"]
                Expect.equal actual.Length expected.Length operation

                Expect.sequenceEqual actual expected (operation + case["params"].ToJsonString())
        }

        test "a centre crop larger than the resized image is refused" {
            let image = MemoryImages.image 32 32 0

            Expect.throwsT<ArgumentException>
                (fun () -> CropBox.Centre(image.Width, image.Height, centre 32 24) |> ignore)
                "24 cannot give 32"
        }

        test "normalised pixels are (v / 255 - mean) / std, interleaved" {
            let image = MemoryImages.image 5 5 3
            let mean, std = [| 0.1f; 0.2f; 0.3f |], [| 0.5f; 0.25f; 2f |]

            let recipe =
                ViewRecipe(Size = 5, RandomCrop = false, Mean = struct (mean[0], mean[1], mean[2]), Std = struct (std[0], std[1], std[2]))

            let bytes = Array.zeroCreate<byte>(Augmenter.BytesOf(recipe, PixelType.Float32))
            let mutable random = ViewRandom.For(0UL, 0, 0, 0)
            Augmenter().Write(image, recipe, &random, PixelType.Float32, bytes)

            let expected =
                image.Pixels.ToArray()
                |> Array.mapi (fun i v -> (float32 v / 255f - mean[i % 3]) / std[i % 3])

            Expect.sequenceEqual (Array.init expected.Length (fun i -> BitConverter.ToSingle(bytes, 4 * i))) expected "pixels"
        }

        test "bfloat16 rounds to nearest, ties to even" {
            let round value = Normalize.ToBFloat16 value
            let above bits = BitConverter.UInt32BitsToSingle bits
            Expect.equal (round 1f) 0x3F80us "exact"
            Expect.equal (round (above 0x3F808000u)) 0x3F80us "a tie goes to the even neighbour below"
            Expect.equal (round (above 0x3F818000u)) 0x3F82us "a tie goes to the even neighbour above"
            Expect.equal (round (above 0x3F808001u)) 0x3F81us "just above a tie"
            Expect.equal (round (above 0xBF80FFFFu)) 0xBF81us "negative"
        }
    ]
