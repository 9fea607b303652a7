package main

import (
	"context"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	sdk "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
)

// connect makes the SDK's clients for the ARM, the identity and the subscription that the environment names.
func connect() (map[string]operations, error) {
	local := cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
		cloud.ResourceManager: {Endpoint: os.Getenv("ARM"), Audience: "https://management.azure.com"},
	}}
	credential, err := azidentity.NewManagedIdentityCredential(nil)
	if err != nil {
		return nil, err
	}
	options := &arm.ClientOptions{ClientOptions: policy.ClientOptions{Cloud: local}}
	clients, err := sdk.NewClientFactory(os.Getenv("SUBSCRIPTION"), credential, options)
	if err != nil {
		return nil, err
	}
	return map[string]operations{
		"image":      images(clients.NewImagesClient()),
		"gallery":    galleries(clients.NewGalleriesClient()),
		"definition": definitions(clients.NewGalleryImagesClient()),
		"version":    versions(clients.NewGalleryImageVersionsClient()),
	}, nil
}

func images(of *sdk.ImagesClient) operations {
	return operations{
		put: puts(func(ctx context.Context, n []string, body sdk.Image) (
			*runtime.Poller[sdk.ImagesClientCreateOrUpdateResponse], error) {
			return of.BeginCreateOrUpdate(ctx, n[0], n[1], body, nil)
		}),
		get: func(ctx context.Context, n []string, _ string) (any, error) {
			return of.Get(ctx, n[0], n[1], nil)
		},
		list: lists(func(n []string) *runtime.Pager[sdk.ImagesClientListByResourceGroupResponse] {
			return of.NewListByResourceGroupPager(n[0], nil)
		}),
		delete: deletes(func(ctx context.Context, n []string) (*runtime.Poller[sdk.ImagesClientDeleteResponse], error) {
			return of.BeginDelete(ctx, n[0], n[1], nil)
		}),
	}
}

func galleries(of *sdk.GalleriesClient) operations {
	return operations{
		put: puts(func(ctx context.Context, n []string, body sdk.Gallery) (
			*runtime.Poller[sdk.GalleriesClientCreateOrUpdateResponse], error) {
			return of.BeginCreateOrUpdate(ctx, n[0], n[1], body, nil)
		}),
		get: func(ctx context.Context, n []string, _ string) (any, error) {
			return of.Get(ctx, n[0], n[1], nil)
		},
		list: lists(func(n []string) *runtime.Pager[sdk.GalleriesClientListByResourceGroupResponse] {
			return of.NewListByResourceGroupPager(n[0], nil)
		}),
		delete: deletes(func(ctx context.Context, n []string) (*runtime.Poller[sdk.GalleriesClientDeleteResponse], error) {
			return of.BeginDelete(ctx, n[0], n[1], nil)
		}),
	}
}

func definitions(of *sdk.GalleryImagesClient) operations {
	return operations{
		put: puts(func(ctx context.Context, n []string, body sdk.GalleryImage) (
			*runtime.Poller[sdk.GalleryImagesClientCreateOrUpdateResponse], error) {
			return of.BeginCreateOrUpdate(ctx, n[0], n[1], n[2], body, nil)
		}),
		get: func(ctx context.Context, n []string, _ string) (any, error) {
			return of.Get(ctx, n[0], n[1], n[2], nil)
		},
		list: lists(func(n []string) *runtime.Pager[sdk.GalleryImagesClientListByGalleryResponse] {
			return of.NewListByGalleryPager(n[0], n[1], nil)
		}),
		delete: deletes(func(ctx context.Context, n []string) (
			*runtime.Poller[sdk.GalleryImagesClientDeleteResponse], error) {
			return of.BeginDelete(ctx, n[0], n[1], n[2], nil)
		}),
	}
}

func versions(of *sdk.GalleryImageVersionsClient) operations {
	return operations{
		put: puts(func(ctx context.Context, n []string, body sdk.GalleryImageVersion) (
			*runtime.Poller[sdk.GalleryImageVersionsClientCreateOrUpdateResponse], error) {
			return of.BeginCreateOrUpdate(ctx, n[0], n[1], n[2], n[3], body, nil)
		}),
		get: func(ctx context.Context, n []string, expand string) (any, error) {
			options := &sdk.GalleryImageVersionsClientGetOptions{}
			if expand != "" {
				wanted := sdk.ReplicationStatusTypes(expand)
				options.Expand = &wanted
			}
			return of.Get(ctx, n[0], n[1], n[2], n[3], options)
		},
		list: lists(func(n []string) *runtime.Pager[sdk.GalleryImageVersionsClientListByGalleryImageResponse] {
			return of.NewListByGalleryImagePager(n[0], n[1], n[2], nil)
		}),
		delete: deletes(func(ctx context.Context, n []string) (
			*runtime.Poller[sdk.GalleryImageVersionsClientDeleteResponse], error) {
			return of.BeginDelete(ctx, n[0], n[1], n[2], n[3], nil)
		}),
	}
}
